package io.groupota.examples.simulator;

import io.groupota.rollout.RolloutDeviceState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws the course of a rollout as an SVG picture: the devices of each state over the virtual time,
 * stacked, with a line where a stage begins. Follows the reader's light or dark theme.
 */
final class RolloutChart {
  private static final int WIDTH = 960;
  private static final int HEIGHT = 500;
  private static final int LEFT = 84;
  private static final int RIGHT = 790;
  private static final int TOP = 56;
  private static final int BOTTOM = 440;
  private static final int POINTS = 353;

  /** From the bottom to the top, with the color of each. */
  private static final List<Map.Entry<RolloutDeviceState, String>> LAYERS =
      List.of(
          Map.entry(RolloutDeviceState.UPDATED, "#2da44e"),
          Map.entry(RolloutDeviceState.DOWNLOADING, "#0969da"),
          Map.entry(RolloutDeviceState.TRIGGERED, "#54aeff"),
          Map.entry(RolloutDeviceState.ADMITTED, "#a5d6ff"),
          Map.entry(RolloutDeviceState.RETRYING, "#d4a72c"),
          Map.entry(RolloutDeviceState.FAILED, "#cf222e"),
          Map.entry(RolloutDeviceState.TIMED_OUT, "#e16f24"),
          Map.entry(RolloutDeviceState.REJECTED, "#8250df"),
          Map.entry(RolloutDeviceState.FELL_BACK, "#bf3989"),
          Map.entry(RolloutDeviceState.EXCLUDED, "#57606a"),
          Map.entry(RolloutDeviceState.CANCELED, "#8c959f"),
          Map.entry(RolloutDeviceState.QUEUED, "#d0d7de"));

  private static final String HEAD =
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 500" role="img" font-family="system-ui, sans-serif" font-size="13">
      <style>
        .paper { fill: #ffffff } text { fill: #1f2328 } .grid { stroke: #1f2328; stroke-opacity: .15 }
        .stage { stroke: #1f2328; stroke-dasharray: 4 3; stroke-opacity: .6 } .frame { fill: none; stroke: #59636e }
        @media (prefers-color-scheme: dark) {
          .paper { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #e6edf3 } .stage { stroke: #e6edf3 }
          .frame { stroke: #9198a1 } .queued { fill: #373e47 }
        }
      </style>
      """;

  private final List<Sample> samples;
  private final long from;
  private final long to;
  private final long devices;
  private final StringBuilder svg = new StringBuilder(HEAD);

  private RolloutChart(List<Sample> samples) {
    this.samples = samples;
    this.from = samples.get(0).at().toMillis();
    this.to = Math.max(from + 1, samples.get(samples.size() - 1).at().toMillis());
    this.devices = Math.max(1, samples.stream().mapToLong(Sample::devices).max().orElse(1));
  }

  /**
   * Draws a picture.
   *
   * @param title what stands above it
   * @param samples the course, at least one sample
   */
  static String draw(String title, List<Sample> samples) {
    RolloutChart chart = new RolloutChart(samples);
    chart.line("<title>%s</title>", escaped(title));
    chart.line("<rect class=\"paper\" width=\"%d\" height=\"%d\"/>", WIDTH, HEIGHT);
    chart.line("<text x=\"%d\" y=\"24\" font-size=\"15\">%s</text>", LEFT, escaped(title));
    chart.areas();
    chart.axes();
    chart.stages();
    chart.legend();
    return chart.svg.append("</svg>\n").toString();
  }

  private void line(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private void areas() {
    List<Sample> points = points();
    long[] below = new long[points.size()];
    for (Map.Entry<RolloutDeviceState, String> layer : LAYERS) {
      long[] above = below.clone();
      boolean any = false;
      for (int i = 0; i < points.size(); i++) {
        above[i] += points.get(i).in(layer.getKey());
        any |= above[i] > below[i];
      }
      if (any) {
        area(below, above, layer);
      }
      below = above;
    }
  }

  /** One sample for each step of the picture, the last one before it. */
  private List<Sample> points() {
    List<Sample> points = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < POINTS; i++) {
      long time = from + (to - from) * i / (POINTS - 1);
      while (next + 1 < samples.size() && samples.get(next + 1).at().toMillis() <= time) {
        next++;
      }
      points.add(samples.get(next));
    }
    return points;
  }

  private void area(long[] below, long[] above, Map.Entry<RolloutDeviceState, String> layer) {
    List<String> edge = new ArrayList<>(edge(above));
    List<String> back = new ArrayList<>(edge(below));
    Collections.reverse(back);
    edge.addAll(back);
    line(
        "<path class=\"%s\" fill=\"%s\" d=\"M%sZ\"><title>%s</title></path>",
        name(layer.getKey()).replace(' ', '-'),
        layer.getValue(),
        String.join("L", edge),
        name(layer.getKey()));
  }

  /** A level stretch needs its ends only. */
  private List<String> edge(long[] heights) {
    List<String> edge = new ArrayList<>();
    for (int i = 0; i < heights.length; i++) {
      boolean level =
          i > 0
              && i < heights.length - 1
              && y(heights[i - 1]).equals(y(heights[i]))
              && y(heights[i + 1]).equals(y(heights[i]));
      if (!level) {
        edge.add(LEFT + (RIGHT - LEFT) * i / (POINTS - 1) + " " + y(heights[i]));
      }
    }
    return edge;
  }

  private String y(long count) {
    double y = BOTTOM - (double) (BOTTOM - TOP) * count / devices;
    return String.format(Locale.ROOT, "%.1f", y).replace(".0", "");
  }

  private long x(Duration at) {
    return LEFT + (RIGHT - LEFT) * (at.toMillis() - from) / (to - from);
  }

  private void axes() {
    for (int percent = 0; percent <= 100; percent += 25) {
      String y = y(devices * percent / 100);
      line("<path class=\"grid\" d=\"M%d %sH%d\"/>", LEFT, y, RIGHT);
      line(
          "<text x=\"%d\" y=\"%s\" dy=\"4\" text-anchor=\"end\">%,d</text>",
          LEFT - 8, y, devices * percent / 100);
    }
    long step = step();
    for (long at = (from + step - 1) / step * step; at <= to; at += step) {
      long x = x(Duration.ofMillis(at));
      line("<path class=\"grid\" d=\"M%d %dV%d\"/>", x, BOTTOM, BOTTOM + 6);
      line(
          "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          x, BOTTOM + 22, label(at, step));
    }
    line(
        "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
        LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
    line(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">time since the deploy</text>",
        (LEFT + RIGHT) / 2, BOTTOM + 46);
    line(
        "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">devices</text>",
        (TOP + BOTTOM) / 2);
  }

  /** The distance of the labels of the time: a round one of which at most ten fit. */
  private long step() {
    for (long minutes : new long[] {1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720}) {
      if ((to - from) / (minutes * 60_000) < 10) {
        return minutes * 60_000;
      }
    }
    long days = 1;
    while ((to - from) / (days * FleetModel.DAY) >= 10) {
      days *= 2;
    }
    return days * FleetModel.DAY;
  }

  private static String label(long millis, long step) {
    Duration at = Duration.ofMillis(millis);
    if (step >= FleetModel.DAY) {
      return at.toDays() + " d";
    }
    return step % 3_600_000 == 0
        ? at.toHours() + " h"
        : String.format(Locale.ROOT, "%d:%02d", at.toHours(), at.toMinutesPart());
  }

  private void stages() {
    long labeled = -WIDTH;
    for (int i = 1; i < samples.size(); i++) {
      Sample sample = samples.get(i);
      if (sample.isTurn(samples.get(i - 1))) {
        long x = x(sample.at());
        line("<path class=\"stage\" d=\"M%d %dV%d\"/>", x, TOP, BOTTOM);
        if (x - labeled >= 48) {
          line(
              "<text x=\"%d\" y=\"%d\" font-size=\"11\">%s</text>",
              x + 2, TOP - 6, turn(sample, samples.get(i - 1)));
          labeled = x;
        }
      }
    }
  }

  private static String turn(Sample sample, Sample before) {
    return sample.stage() == before.stage()
        ? name(sample.state())
        : "stage " + (sample.stage() + 1);
  }

  /** Top down as in the picture; only what occurs. */
  private void legend() {
    int y = TOP + 8;
    for (int i = LAYERS.size() - 1; i >= 0; i--) {
      RolloutDeviceState state = LAYERS.get(i).getKey();
      if (samples.stream().anyMatch(sample -> sample.in(state) > 0)) {
        line(
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"14\" height=\"14\" fill=\"%s\"/>",
            name(state).replace(' ', '-'), RIGHT + 20, y, LAYERS.get(i).getValue());
        line("<text x=\"%d\" y=\"%d\">%s</text>", RIGHT + 42, y + 12, name(state));
        y += 24;
      }
    }
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
