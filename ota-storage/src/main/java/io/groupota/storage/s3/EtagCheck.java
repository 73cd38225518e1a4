package io.groupota.storage.s3;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Compares a file with its ETag, which does not say how large the parts of a multipart upload were,
 * only how many. As many parts as {@link Upload} makes of the file may be ours, and a file in one
 * part was that part: these are compared. Any other number is of a tool that copied the file into
 * the bucket with a part size that nobody knows, and says nothing about damage. Used by one thread.
 *
 * <p>Another tool may have made as many parts as we do, of more bytes. All sizes of whole mebibytes
 * that give this number are tried at once: up to five for two parts, three for three, two for four
 * or five, and only ours for more.
 */
final class EtagCheck {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{32}(?:-([1-9][0-9]{0,4}))?");
  private static final long MEBIBYTE = 1 << 20;

  private final String etag;
  private final List<PartDigest> candidates;

  private EtagCheck(String etag, List<PartDigest> candidates) {
    this.etag = etag;
    this.candidates = candidates;
  }

  /**
   * The check of a file by its ETag, in lower case and without quotes; null if that tells nothing.
   * With encryption an ETag may look like a digest and be none.
   */
  static @Nullable EtagCheck of(String etag, long size) {
    Matcher digest = DIGEST.matcher(etag);
    if (!digest.matches()) {
      return null;
    }
    @Nullable String parts = digest.group(1);
    if (parts == null) {
      return new EtagCheck(etag, List.of(PartDigest.ofWhole()));
    }
    List<PartDigest> candidates =
        partSizes(size, Integer.parseInt(parts)).mapToObj(PartDigest::ofParts).toList();
    return candidates.isEmpty() ? null : new EtagCheck(etag, candidates);
  }

  private static LongStream partSizes(long size, int parts) {
    if (parts == 1) {
      return LongStream.of(size);
    }
    return LongStream.iterate(
        Upload.PART, part -> partsOf(size, part) == parts, part -> part + MEBIBYTE);
  }

  private static long partsOf(long size, long part) {
    return (size + part - 1) / part;
  }

  void update(byte[] bytes, int offset, int length) {
    candidates.forEach(candidate -> candidate.update(bytes, offset, length));
  }

  /** Whether the file has its ETag, once all of it was given. */
  boolean matches() {
    return candidates.stream().anyMatch(candidate -> candidate.etag().equals(etag));
  }
}
