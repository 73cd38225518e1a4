package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.InvalidRequestException;
import io.groupota.OtaQuery;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;

class ListQueryTest {
  @Property
  void whatIsEncodedIsReadBack(
      @ForAll @StringLength(max = 100) String search,
      @ForAll @StringLength(max = 100) String draw,
      @ForAll @LongRange(min = 0) long offset,
      @ForAll @IntRange(min = 0) int limit,
      @ForAll OtaQuery.Order order) {
    Assume.that(StandardCharsets.UTF_8.newEncoder().canEncode(search + "|" + draw));

    ListQuery query =
        ListQuery.parse(
            "search_value="
                + encode(search)
                + "&draw="
                + encode(draw)
                + "&offset="
                + offset
                + "&unknown&limit="
                + limit
                + "&order_dir="
                + (order == OtaQuery.Order.ASC ? "asc" : "desc"));

    assertThat(query.query()).isEqualTo(new OtaQuery(search, offset, OptionalInt.of(limit), order));
    assertThat(query.draw().orElse("")).isEqualTo(draw);
  }

  @Property
  void noQueryIsReadWithoutBeingUnderstood(@ForAll String text) {
    for (String name : new String[] {"offset", "limit", "order_dir"}) {
      Assume.that(!text.matches("[0-9]*|asc|desc"));
      assertThatThrownBy(() -> ListQuery.parse(name + "=" + encode(text)))
          .isInstanceOfSatisfying(
              InvalidRequestException.class, e -> assertThat(e.field()).isEqualTo(name));
    }
  }

  @Example
  void withoutAQueryTheDefaultsHold() {
    ListQuery defaults = new ListQuery(OtaQuery.builder().build(), Optional.empty());
    for (String query : new String[] {null, "", "&&", "=", "limit", "limit=&draw", "x=%zz"}) {
      assertThat(ListQuery.parse(query)).isEqualTo(defaults);
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
