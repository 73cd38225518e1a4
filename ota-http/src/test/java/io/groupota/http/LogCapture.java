package io.groupota.http;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.slf4j.LoggerFactory;

/** All that anyone logs, the container too, as it would be printed, stack traces included. */
final class LogCapture implements AutoCloseable {
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final Level before = root.getLevel();
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final List<Level> levels = new CopyOnWriteArrayList<>();
  private final PatternLayout layout = new PatternLayout();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(layout.doLayout(event));
          levels.add(event.getLevel());
        }
      };

  /** What Tomcat logs to. */
  private final java.util.logging.Logger julRoot = java.util.logging.Logger.getLogger("");

  private final Handler[] julBefore = julRoot.getHandlers();
  private final Handler julHandler =
      new Handler() {
        private final SimpleFormatter formatter = new SimpleFormatter();

        @Override
        public void publish(LogRecord event) {
          lines.add(formatter.format(event));
          boolean alarm = event.getLevel().intValue() >= java.util.logging.Level.WARNING.intValue();
          levels.add(alarm ? Level.WARN : Level.INFO);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  LogCapture() {
    layout.setContext(root.getLoggerContext());
    layout.setPattern("%level %logger %msg%n%ex");
    layout.start();
    appender.setContext(root.getLoggerContext());
    appender.start();
    root.setLevel(Level.INFO);
    ((Logger) LoggerFactory.getLogger("io.groupota")).setLevel(Level.DEBUG);
    root.addAppender(appender);
    for (Handler handler : julBefore) {
      julRoot.removeHandler(handler);
    }
    julRoot.addHandler(julHandler);
  }

  String text() {
    return String.join("", lines);
  }

  /** Whether anything was logged that an operator would look at. */
  boolean alarmed() {
    return levels.stream().anyMatch(level -> level.isGreaterOrEqual(Level.WARN));
  }

  @Override
  public void close() {
    root.detachAppender(appender);
    root.setLevel(before);
    julRoot.removeHandler(julHandler);
    for (Handler handler : julBefore) {
      julRoot.addHandler(handler);
    }
  }
}
