package io.groupota.http;

/**
 * How busy the downloads of a servlet are. Immutable.
 *
 * @param active how many are running now
 * @param refused how many were answered with {@code 503} since the servlet was built
 */
public record DownloadCounts(int active, long refused) {}
