package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

class ByteRangeTest {
  @Property
  void aClosedRangeWithinTheFileIsThatRange(
      @ForAll @LongRange(min = 1) long size, @ForAll long a, @ForAll long b) {
    long first = Math.floorMod(a, size);
    long last = first + Math.floorMod(b, size - first);

    assertThat(ByteRange.parse("bytes=" + first + "-" + last, size).range())
        .contains(new ByteRange(first, last - first + 1));
  }

  @Property
  void aClosedRangeIsCutAtTheEndOfTheFile(
      @ForAll @LongRange(min = 1) long size,
      @ForAll @LongRange(min = 0) long first,
      @ForAll @LongRange(min = 0) long last) {
    ByteRange.Parsed parsed = ByteRange.parse("bytes=" + first + "-" + last, size);

    if (last < first) {
      assertThat(parsed).isEqualTo(ByteRange.WHOLE);
    } else if (first >= size) {
      assertThat(parsed.unsatisfiable()).isTrue();
    } else {
      long length = Math.min(last, size - 1) - first + 1;
      assertThat(parsed.range()).contains(new ByteRange(first, length));
    }
  }

  @Property
  void aSuffixIsTheEndOfTheFile(
      @ForAll @LongRange(min = 1) long size, @ForAll @LongRange(min = 1) long length) {
    ByteRange range = ByteRange.parse("bytes=-" + length, size).range().orElseThrow();

    assertThat(range.length()).isEqualTo(Math.min(length, size));
    assertThat(range.offset() + range.length()).isEqualTo(size);
  }

  @Property
  void noTextBreaksTheParserOrReachesOutOfTheFile(
      @ForAll String text, @ForAll @LongRange(min = 1) long size) {
    for (String header : new String[] {text, "bytes=" + text, "bytes=1-" + text}) {
      ByteRange.Parsed parsed = ByteRange.parse(header, size);
      parsed
          .range()
          .ifPresent(
              range -> {
                assertThat(range.offset()).isNotNegative();
                assertThat(range.length()).isPositive();
                assertThat(size - range.offset()).isGreaterThanOrEqualTo(range.length());
              });
    }
  }

  @Example
  void theContentRangeNamesTheLastByte() {
    assertThat(new ByteRange(5, 10).contentRange(100)).isEqualTo("bytes 5-14/100");
  }
}
