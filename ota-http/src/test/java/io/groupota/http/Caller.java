package io.groupota.http;

import io.groupota.OwnerId;
import java.util.Optional;

/** Kinds of callers of the management API, by the {@code Authorization} that they send. */
enum Caller {
  NOBODY(""),
  EMPTY_BEARER("Authorization: Bearer\r\n"),
  BLANK_BEARER("Authorization: Bearer \t \r\n"),
  NO_SCHEME("Authorization: " + HttpServer.BEARER + "\r\n"),
  GLUED_SCHEME("Authorization: Bearer" + HttpServer.BEARER + "\r\n"),
  BASIC_SCHEME("Authorization: Basic " + HttpServer.BEARER + "\r\n"),
  TWO_BEARERS("Authorization: Bearer " + HttpServer.BEARER + "\r\nAuthorization: Bearer x\r\n"),
  IN_ANOTHER_HEADER("X-Authorization: Bearer " + HttpServer.BEARER + "\r\n"),
  IN_A_COOKIE("Cookie: Authorization=Bearer " + HttpServer.BEARER + "\r\n"),
  UNKNOWN("Authorization: Bearer unknown\r\n"),
  PREFIX("Authorization: Bearer " + HttpServer.BEARER.substring(1) + "\r\n"),
  LONGER("Authorization: Bearer " + HttpServer.BEARER + "x\r\n"),
  UPPER_CASE("Authorization: Bearer BEARER-OF-THE-OWNER\r\n"),
  LIST("Authorization: Bearer " + HttpServer.BEARER + ", Bearer unknown\r\n"),
  GROUP_TOKEN("Authorization: Bearer " + Fleet.GROUP_TOKEN + "\r\n"),
  OWNER_ID("Authorization: Bearer " + HttpServer.OWNER + "\r\n"),
  OVER_LONG("Authorization: Bearer " + "x".repeat(Authenticator.MAX_BEARER_LENGTH + 1) + "\r\n"),
  OTHER_OWNER("Authorization: Bearer bearer-of-somebody-else\r\n"),
  NOT_ENTITLED("Authorization: Bearer bearer-of-the-free-plan\r\n"),
  OWNER("Authorization: Bearer " + HttpServer.BEARER + "\r\n");

  private final String header;

  Caller(String header) {
    this.header = header;
  }

  String header() {
    return header;
  }

  /** Whether the host knows the bearer. */
  boolean isKnown() {
    return compareTo(OTHER_OWNER) >= 0;
  }

  /** Whose a bearer is, as a host would tell. */
  static Optional<OwnerId> authenticate(String bearer) {
    return switch (bearer) {
      case HttpServer.BEARER -> Optional.of(HttpServer.OWNER);
      case "bearer-of-somebody-else" -> Optional.of(Fleet.FOREIGN_OWNER);
      case "bearer-of-the-free-plan" -> Optional.of(Fleet.FREE_OWNER);
      default -> Optional.empty();
    };
  }
}
