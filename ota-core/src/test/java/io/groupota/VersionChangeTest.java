package io.groupota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.VersionChange.Direction;
import io.groupota.VersionChange.Kind;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VersionChangeTest {
  @ParameterizedTest
  @CsvSource({
    "1.2.6, 1.2.7, UPGRADE, PATCH",
    "1.2.6, 1.3.0, UPGRADE, MINOR",
    "1.2.6, 2.0.0, UPGRADE, MAJOR",
    "2.0.0, 1.9.9, DOWNGRADE, MAJOR",
    "1.2.10, 1.2.9, DOWNGRADE, PATCH",
    "1.0.0-rc.1, 1.0.0, UPGRADE, PRE_RELEASE",
    "1.0.0-rc.2, 1.0.0-rc.10, UPGRADE, PRE_RELEASE",
    "1.0.0, 1.0.0-rc.1, DOWNGRADE, PRE_RELEASE",
    "1.2.3-rc.2, 1.2.3-rc.10-hotfix, UPGRADE, PRE_RELEASE",
    "1.2.3-rc.1-3-gabc1234, 1.2.3-rc.2, DOWNGRADE, PRE_RELEASE",
    "1.0.0-0, 1.0.0--a, UPGRADE, PRE_RELEASE",
    "1.0.0-alpha, 1.0.0-alpha.1, UPGRADE, PRE_RELEASE",
    "1.0.0-alpha.1, 1.0.0-alpha.beta, UPGRADE, PRE_RELEASE",
    "1.0.0-alpha.beta, 1.0.0-beta, UPGRADE, PRE_RELEASE",
    "1.0.0-beta.11, 1.0.0-beta.2, DOWNGRADE, PRE_RELEASE",
    "1.0.0-rc.9, 1.0.0-rc.1000000000000, UPGRADE, PRE_RELEASE",
    "1.0.0+a, 1.0.0+b, UPGRADE, BUILD",
    "1.0.0+b, 1.0.0+a, UPGRADE, BUILD",
    "1.0.0, 1.0.0+a, UPGRADE, BUILD",
    "1.2.7, 1.2.7, CURRENT, NONE",
    "v1.2.7, 1.2.7, UNKNOWN, UNKNOWN",
    "1.2, 1.2.7, UNKNOWN, UNKNOWN",
    "99999999999999999999.0.0, 1.2.7, UNKNOWN, UNKNOWN",
  })
  void tellsDirectionAndKind(String from, String to, Direction direction, Kind kind) {
    assertThat(VersionChange.between(from, to)).isEqualTo(new VersionChange(direction, kind));
  }

  @Test
  void aDeviceThatNeverReportedIsUnknown() {
    assertThat(VersionChange.between(null, "1.0.0").direction()).isEqualTo(Direction.UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "latest", " 1.2.3"})
  void refusesATargetThatIsNotSemantic(String target) {
    assertThatThrownBy(() -> VersionChange.between("1.0.0", target))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("not a semantic version");
  }

  @Test
  void refusesATargetThatADeviceCouldNotParse() {
    String tooLong = "1.2.3-" + "a".repeat(60);
    assertThatThrownBy(() -> VersionChange.between(null, tooLong))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("too long");
  }

  @Property(tries = 300)
  void goingBackIsTheOppositeDirection(
      @ForAll @IntRange(max = 3) int a,
      @ForAll @IntRange(max = 3) int b,
      @ForAll @IntRange(max = 3) int c,
      @ForAll @IntRange(max = 3) int d) {
    String from = a + "." + b + ".0";
    String to = c + "." + d + ".0";
    Direction there = VersionChange.between(from, to).direction();
    Direction back = VersionChange.between(to, from).direction();
    Direction opposite =
        switch (there) {
          case UPGRADE -> Direction.DOWNGRADE;
          case DOWNGRADE -> Direction.UPGRADE;
          case CURRENT, UNKNOWN -> there;
        };
    assertThat(back).isEqualTo(opposite);
  }

  @Property(tries = 500)
  void whateverADeviceReportsIsData(@ForAll @StringLength(max = 64) String reported) {
    Direction direction = VersionChange.between(reported, "1.0.0").direction();
    assertThat(direction == Direction.CURRENT).isEqualTo(reported.equals("1.0.0"));
  }
}
