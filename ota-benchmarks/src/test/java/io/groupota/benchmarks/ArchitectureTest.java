package io.groupota.benchmarks;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What is measured is what a host can call. */
class ArchitectureTest {
  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.groupota.benchmarks");

  @Test
  void nothingTouchesTheInternalsOfTheLibrary() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.groupota.internal..")
        .check(OURS);
  }
}
