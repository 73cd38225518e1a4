package io.groupota.rollout;

import io.groupota.InvalidRequestException;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An object in the tree of a plan, which knows where it is so that complaints can say so. */
final class PlanNode {
  private static final String FIELD = "plan";
  private static final int MOST_SHOWN = 40;

  private final Map<?, ?> fields;
  private final String path;
  private final Set<String> known = new HashSet<>();

  private PlanNode(Map<?, ?> fields, String path) {
    this.fields = fields;
    this.path = path;
  }

  static PlanNode root(Map<String, ?> tree) {
    return new PlanNode(tree, FIELD);
  }

  /** A pace on its own. */
  static PlanNode pace(Map<String, ?> tree) {
    return new PlanNode(tree, "pace");
  }

  /** Builds what this object stands for; a value that is refused is named by its path. */
  <T> T build(Supplier<T> builder) {
    try {
      T built = builder.get();
      requireAllKnown();
      return built;
    } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
      throw new InvalidRequestException(FIELD, path + ": " + e.getMessage());
    } catch (InvalidRequestException e) {
      if (e.field().equals(FIELD)) {
        throw e;
      }
      throw new InvalidRequestException(FIELD, path + ": " + e.getMessage());
    }
  }

  void requireAllKnown() {
    for (Object field : fields.keySet()) {
      if (!known.contains(field)) {
        throw wrong(shown(String.valueOf(field)), "is not known");
      }
    }
  }

  private @Nullable Object value(String field) {
    known.add(field);
    return fields.get(field);
  }

  private InvalidRequestException wrong(String field, String problem) {
    return new InvalidRequestException(FIELD, path + "." + field + " " + problem);
  }

  private <T> Optional<T> typed(String field, Class<T> type, String kind) {
    Object value = value(field);
    if (value == null) {
      return Optional.empty();
    }
    if (!type.isInstance(value)) {
      throw wrong(field, "must be " + kind);
    }
    return Optional.of(type.cast(value));
  }

  Optional<String> text(String field) {
    return typed(field, String.class, "a text");
  }

  String required(String field) {
    return text(field).orElseThrow(() -> wrong(field, "is missing"));
  }

  <T> Optional<T> parsed(String field, Function<String, T> parser) {
    return text(field)
        .map(
            text -> {
              try {
                return parser.apply(text);
              } catch (DateTimeException e) {
                throw wrong(field, "is malformed: \"" + shown(text) + "\"");
              }
            });
  }

  <T> T requiredParsed(String field, Function<String, T> parser) {
    return parsed(field, parser).orElseThrow(() -> wrong(field, "is missing"));
  }

  Optional<Boolean> flag(String field) {
    return typed(field, Boolean.class, "true or false");
  }

  Optional<Double> decimal(String field) {
    return typed(field, Number.class, "a number").map(Number::doubleValue);
  }

  Optional<Long> whole(String field) {
    return typed(field, Number.class, "a whole number")
        .map(
            number -> {
              long whole = number.longValue();
              if (whole != number.doubleValue()) {
                throw wrong(field, "must be a whole number");
              }
              return whole;
            });
  }

  /** A whole number of an ordinary size. */
  Optional<Integer> count(String field) {
    return whole(field)
        .map(
            whole -> {
              if (whole != whole.intValue()) {
                throw wrong(field, "is too large");
              }
              return whole.intValue();
            });
  }

  Optional<List<String>> texts(String field) {
    return typed(field, List.class, "a list of texts")
        .map(
            list -> {
              List<String> texts = new ArrayList<>();
              for (Object element : list) {
                if (!(element instanceof String text)) {
                  throw wrong(field, "must be a list of texts");
                }
                texts.add(text);
              }
              return texts;
            });
  }

  Optional<PlanNode> child(String field) {
    return typed(field, Map.class, "an object").map(map -> new PlanNode(map, path + "." + field));
  }

  <T> List<T> each(String field, Function<PlanNode, T> reader) {
    List<?> list = typed(field, List.class, "a list").orElse(List.of());
    List<T> read = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      if (!(list.get(i) instanceof Map<?, ?> map)) {
        throw wrong(field + "[" + i + "]", "must be an object");
      }
      read.add(reader.apply(new PlanNode(map, path + "." + field + "[" + i + "]")));
    }
    return read;
  }

  /** What a caller sent, short enough and harmless in a message. */
  static String shown(String text) {
    String cut = text;
    if (text.length() > MOST_SHOWN) {
      boolean halves =
          Character.isSurrogatePair(text.charAt(MOST_SHOWN - 1), text.charAt(MOST_SHOWN));
      cut = text.substring(0, halves ? MOST_SHOWN - 1 : MOST_SHOWN) + "…";
    }
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
