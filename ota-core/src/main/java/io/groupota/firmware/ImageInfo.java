package io.groupota.firmware;

/**
 * What an inspector read in an application image. Texts come from the file: they are trimmed, of
 * printable ASCII, and may be empty. Immutable.
 *
 * @param chip the chip it was built for, such as {@code ESP32-S3}
 * @param project the project name of the application descriptor
 * @param version the version of the application descriptor; with the Arduino core that of the
 *     framework, not of the product
 * @param idfVersion the ESP-IDF version of the application descriptor
 * @param sha256 the digest by which a running image is known, 64 lower-case hexadecimal digits: the
 *     SHA-256 appended to the image, or that of the image itself if none is appended
 */
public record ImageInfo(
    String chip, String project, String version, String idfVersion, String sha256) {}
