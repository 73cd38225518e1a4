package io.groupota.http;

import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import io.groupota.Token;
import io.groupota.rollout.RolloutPlan;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The field {@code plan} of a deploy: a plan, and beside its own members {@code groups}, further
 * groups with their tokens.
 *
 * @param plan the plan
 * @param others the further groups
 */
record PlanField(RolloutPlan plan, Map<GroupId, Token> others) {
  private static final String FIELD = "plan";
  private static final String GROUPS = "groups";

  static PlanField of(byte[] json, Scrubber scrubber) {
    Map<String, Object> tree = JsonTree.read(FIELD, json);
    Map<GroupId, Token> others = new LinkedHashMap<>();
    Object groups = tree.remove(GROUPS);
    if (groups != null) {
      if (!(groups instanceof List<?> list)) {
        throw wrong("plan.groups must be a list");
      }
      for (int i = 0; i < list.size(); i++) {
        add(list.get(i), "plan.groups[" + i + "]", others, scrubber);
      }
    }
    return new PlanField(RolloutPlan.of(tree), others);
  }

  private static void add(
      Object element, String path, Map<GroupId, Token> others, Scrubber scrubber) {
    if (!(element instanceof Map<?, ?> members)) {
      throw wrong(path + " must be an object");
    }
    Map<Object, Object> rest = new HashMap<>(members);
    String token = text(rest.remove("token"), path + ".token");
    scrubber.hiding(token);
    String group = text(rest.remove("group"), path + ".group");
    if (!rest.isEmpty()) {
      // Which ones is not said: what stands in the wrong place may be a token.
      throw wrong(path + " has other members than group and token");
    }
    try {
      if (others.putIfAbsent(new GroupId(group), DeployForm.token(token)) != null) {
        throw wrong(path + ".group is given more than once");
      }
    } catch (InvalidRequestException e) {
      throw e.field().equals(FIELD) ? e : wrong(path + ": " + e.getMessage());
    }
  }

  private static String text(@Nullable Object value, String path) {
    if (!(value instanceof String text)) {
      throw wrong(path + (value == null ? " is missing" : " must be a text"));
    }
    return text;
  }

  private static InvalidRequestException wrong(String problem) {
    return new InvalidRequestException(FIELD, problem);
  }

  /**
   * Checks that the group of the form is not among the further ones.
   *
   * @throws InvalidRequestException if it is
   */
  void requireOthersThan(GroupId group) {
    if (others.containsKey(group)) {
      throw wrong("plan.groups names the group of the field group again");
    }
  }
}
