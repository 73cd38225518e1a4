package io.groupota.storage.jdbc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sql.DataSource;

/** A data source that looks at what is done with its connections, and lets them fail. */
final class Spy {
  /** Called before a method of a connection. */
  interface Fault {
    void before(String method) throws SQLException;
  }

  private final DataSource real;
  private volatile Fault fault = method -> {};
  private volatile String product = "";
  private volatile boolean explains;

  /** The statements that were prepared. */
  final List<String> prepared = new CopyOnWriteArrayList<>();

  /** The plans of the statements that were executed, if {@link #explain} was called. */
  final List<String> plans = new CopyOnWriteArrayList<>();

  /** What the connections were told, in order. */
  final List<String> calls = new CopyOnWriteArrayList<>();

  Spy(DataSource real) {
    this.real = real;
  }

  void failWith(Fault fault) {
    this.fault = fault;
  }

  void claimToBe(String product) {
    this.product = product;
  }

  void explain() {
    explains = true;
  }

  DataSource dataSource() {
    return proxy(
        DataSource.class,
        (proxy, method, arguments) -> {
          if (method.getName().equals("getConnection")) {
            fault.before("getConnection");
            return connection((Connection) invoke(real, method, arguments));
          }
          return invoke(real, method, arguments);
        });
  }

  private Connection connection(Connection connection) {
    return proxy(
        Connection.class,
        (proxy, method, arguments) -> {
          String name = method.getName();
          if (name.equals("prepareStatement")) {
            prepared.add((String) arguments[0]);
          } else if (name.equals("setAutoCommit")) {
            calls.add(name + " " + arguments[0]);
          } else if (List.of("commit", "rollback", "close").contains(name)) {
            calls.add(name);
          }
          fault.before(name);
          Object result = invoke(connection, method, arguments);
          if (name.equals("prepareStatement") && explains) {
            return explained(connection, (String) arguments[0], (PreparedStatement) result);
          }
          return name.equals("getMetaData") && !product.isEmpty()
              ? metadata((DatabaseMetaData) result)
              : result;
        });
  }

  /**
   * Explains each statement before they are run, with the same values. The plan for any values, to
   * which PostgreSQL may change after a few executions, is asked for too.
   */
  private PreparedStatement explained(
      Connection connection, String sql, PreparedStatement statement) {
    List<Setting> settings = new ArrayList<>();
    return proxy(
        PreparedStatement.class,
        (proxy, method, arguments) -> {
          if (method.getDeclaringClass() == PreparedStatement.class
              && method.getName().startsWith("set")) {
            settings.add(new Setting(method, Arrays.asList(arguments)));
          } else if (method.getName().equals("execute")) {
            int from = 0;
            for (String one : sql.split("; ", -1)) {
              plans.add(plan(connection, one, settings, from));
              plans.add(planForAnyValues(connection, one));
              from += values(one);
            }
          }
          return invoke(statement, method, arguments);
        });
  }

  /** A value that was set. */
  private record Setting(Method method, List<Object> arguments) {}

  /** How many values a statement takes. */
  private static int values(String sql) {
    return (int) sql.chars().filter(character -> character == '?').count();
  }

  private static String plan(Connection connection, String sql, List<Setting> settings, int from)
      throws Throwable {
    try (PreparedStatement explain = connection.prepareStatement("EXPLAIN " + sql)) {
      for (Setting setting : settings) {
        int position = (Integer) setting.arguments().get(0) - from;
        if (position >= 1 && position <= values(sql)) {
          Object[] arguments = setting.arguments().toArray();
          arguments[0] = position;
          invoke(explain, setting.method(), arguments);
        }
      }
      try (ResultSet lines = explain.executeQuery()) {
        return text(lines);
      }
    }
  }

  private static String planForAnyValues(Connection connection, String sql) throws SQLException {
    String[] pieces = sql.split("\\?", -1);
    StringBuilder numbered = new StringBuilder(pieces[0]);
    for (int i = 1; i < pieces.length; i++) {
      numbered.append('$').append(i).append(pieces[i]);
    }
    List<String> values = Collections.nCopies(pieces.length - 1, "NULL");
    String arguments = values.isEmpty() ? "" : "(" + String.join(", ", values) + ")";
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET plan_cache_mode = force_generic_plan");
      statement.execute("PREPARE any_values AS " + numbered);
      try (ResultSet lines = statement.executeQuery("EXPLAIN EXECUTE any_values" + arguments)) {
        return text(lines);
      } finally {
        statement.execute("DEALLOCATE any_values");
        statement.execute("RESET plan_cache_mode");
      }
    }
  }

  private static String text(ResultSet lines) throws SQLException {
    StringBuilder text = new StringBuilder();
    while (lines.next()) {
      text.append(lines.getString(1)).append('\n');
    }
    return text.toString();
  }

  private DatabaseMetaData metadata(DatabaseMetaData metadata) {
    return proxy(
        DatabaseMetaData.class,
        (proxy, method, arguments) ->
            method.getName().equals("getDatabaseProductName")
                ? product
                : invoke(metadata, method, arguments));
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(Spy.class.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
