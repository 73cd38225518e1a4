package io.groupota.examples;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.groupota.Token;
import java.security.MessageDigest;
import org.junit.jupiter.api.Test;

/** The arrows of the architecture, held on the compiled modules. This module sees them all. */
class ArchitectureTest {
  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.groupota");

  private static final String[] CORE = {
    "io.groupota",
    "io.groupota.event",
    "io.groupota.firmware",
    "io.groupota.rollout",
    "io.groupota.spi",
    "io.groupota.memory",
    "io.groupota.internal"
  };
  private static final DescribedPredicate<JavaClass> IN_CORE = resideInAnyPackage(CORE);

  @Test
  void everyModuleIsSeen() {
    for (String name :
        new String[] {
          "io.groupota.GroupOta",
          "io.groupota.storage.jdbc.JdbcOtaRepository",
          "io.groupota.storage.fs.FileSystemBlobStore",
          "io.groupota.storage.s3.S3BlobStore",
          "io.groupota.mqtt.MqttUpdateNotifier",
          "io.groupota.http.OtaServlet",
          "io.groupota.micrometer.GroupOtaMetrics",
          "io.groupota.testkit.SettableClock"
        }) {
      assertThat(OURS.contain(name)).as(name).isTrue();
    }
  }

  @Test
  void coreBringsThreeLibraries() {
    classes()
        .that(IN_CORE)
        .should()
        .onlyDependOnClassesThat(
            IN_CORE.or(
                resideInAnyPackage(
                    "java..", "com.github.zafarkhaja.semver..", "org.slf4j..", "org.jspecify..")))
        .check(OURS);
  }

  @Test
  void modulesPointToCoreOnly() {
    String[] modules = {"storage", "mqtt", "http", "micrometer", "testkit"};
    for (String module : modules) {
      noClasses()
          .that()
          .resideInAPackage("io.groupota." + module + "..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.groupota..")
                  .and(DescribedPredicate.not(IN_CORE))
                  .and(DescribedPredicate.not(resideInAnyPackage("io.groupota." + module + ".."))))
          .check(OURS);
    }
  }

  @Test
  void nothingOutsideCoreTouchesItsInternals() {
    noClasses()
        .that(DescribedPredicate.not(IN_CORE))
        .should()
        .dependOnClassesThat(resideInAnyPackage("io.groupota.internal.."))
        .check(OURS);
  }

  @Test
  void theApiNamesNoInternals() {
    methods()
        .that()
        .areDeclaredInClassesThat(
            resideInAnyPackage(
                "io.groupota",
                "io.groupota.event",
                "io.groupota.firmware",
                "io.groupota.rollout",
                "io.groupota.spi",
                "io.groupota.memory"))
        .and()
        .arePublic()
        .should(nameNoInternals())
        .check(OURS);
  }

  /** Whoever has the text of a token could compare it with {@code equals}, which takes its time. */
  @Test
  void tokensAreComparedInConstantTime() {
    methods()
        .that()
        .areDeclaredIn(Token.class)
        .and()
        .haveName("equals")
        .should(callConstantTimeEquals())
        .check(OURS);
    noClasses()
        .that()
        .resideOutsideOfPackages("io.groupota.examples..", "io.groupota.testkit..")
        .and()
        .doNotHaveFullyQualifiedName("io.groupota.spi.Group") // checks its characters
        .and()
        .doNotHaveFullyQualifiedName("io.groupota.internal.Deployments") // the path has it
        .and()
        .doNotHaveFullyQualifiedName("io.groupota.storage.jdbc.JdbcGroupRegistry") // saves it
        .should()
        .callMethod(Token.class, "value")
        .check(OURS);
  }

  private static ArchCondition<JavaMethod> callConstantTimeEquals() {
    return new ArchCondition<>("call MessageDigest.isEqual") {
      @Override
      public void check(JavaMethod method, ConditionEvents events) {
        boolean constant =
            method.getMethodCallsFromSelf().stream()
                .anyMatch(
                    call ->
                        call.getTargetOwner().isEquivalentTo(MessageDigest.class)
                            && call.getName().equals("isEqual"));
        events.add(new SimpleConditionEvent(method, constant, method.getFullName()));
      }
    };
  }

  @Test
  void librariesNeverPrint() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.groupota.examples..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .check(OURS);
  }

  @Test
  void timeIsInjected() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.groupota.examples..", "io.groupota.testkit..")
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(java.time.Instant.class, "now")
        .check(OURS);
  }

  @Test
  void thereIsNoMutableStaticState() {
    com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields()
        .that()
        .areStatic()
        .and()
        .areDeclaredInClassesThat(
            DescribedPredicate.not(resideInAnyPackage("io.groupota.examples..")))
        .should()
        .haveModifier(JavaModifier.FINAL)
        .check(OURS);
  }

  private static ArchCondition<JavaMethod> nameNoInternals() {
    return new ArchCondition<>("name no internal type") {
      @Override
      public void check(JavaMethod method, ConditionEvents events) {
        boolean clean =
            method.getRawParameterTypes().stream().noneMatch(ArchitectureTest::isInternal)
                && !isInternal(method.getRawReturnType());
        events.add(new SimpleConditionEvent(method, clean, method.getFullName()));
      }
    };
  }

  private static boolean isInternal(JavaClass type) {
    return type.getPackageName().startsWith("io.groupota.internal");
  }
}
