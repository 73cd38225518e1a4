package io.groupota.examples.cli;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The options of a program, each of the form {@code --name VALUE}. Immutable. */
public final class CommandLine {
  private static final String HELP = "--help";

  private final boolean help;
  private final Map<String, String> values;

  private CommandLine(boolean help, Map<String, String> values) {
    this.help = help;
    this.values = Map.copyOf(values);
  }

  /**
   * Splits a command line. One that asks for help is not looked at further.
   *
   * @param args the arguments
   * @param options the options that the program knows, with their dashes
   * @return the options that are given
   * @throws UsageException if an option is unknown, repeated or has no value
   */
  public static CommandLine parse(String[] args, Set<String> options) {
    Map<String, String> values = new HashMap<>();
    if (Arrays.asList(args).contains(HELP)) {
      return new CommandLine(true, values);
    }
    for (int i = 0; i < args.length; i += 2) {
      String option = args[i];
      if (!options.contains(option)) {
        throw new UsageException("Unknown option " + option + ", see --help");
      }
      if (i + 1 == args.length || options.contains(args[i + 1])) {
        throw new UsageException(option + " needs a value, see --help");
      }
      if (values.put(option, args[i + 1]) != null) {
        throw new UsageException(option + " is given twice");
      }
    }
    return new CommandLine(false, values);
  }

  /**
   * Whether the user asks for help.
   *
   * @return true for {@code --help}
   */
  public boolean help() {
    return help;
  }

  /**
   * The value of an option that must be given.
   *
   * @param <T> what the value is read as
   * @param option the option
   * @param reader reads the value; its {@link IllegalArgumentException} says what is wrong with it
   * @return the value
   * @throws UsageException if the option is missing or its value is wrong
   */
  public <T> T required(String option, Function<String, T> reader) {
    return optional(option, reader)
        .orElseThrow(() -> new UsageException(option + " is missing, see --help"));
  }

  /**
   * The value of an option that may be left out.
   *
   * @param <T> what the value is read as
   * @param option the option
   * @param reader reads the value; its {@link IllegalArgumentException} says what is wrong with it
   * @return the value, empty if the option is not given
   * @throws UsageException if its value is wrong
   */
  public <T> Optional<T> optional(String option, Function<String, T> reader) {
    String value = values.get(option);
    if (value == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(reader.apply(value));
    } catch (IllegalArgumentException e) {
      throw new UsageException(option + " " + value + ": " + e.getMessage());
    }
  }
}
