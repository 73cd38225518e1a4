/**
 * What every implementation of an SPI must do, as JUnit tests to inherit: implement the contract's
 * interface in a test class, supply its factory methods, and every sentence of the SPI's Javadoc is
 * tested. Contracts of one repository are joined in {@link
 * io.groupota.testkit.contract.OtaRepositoryContract}.
 */
@NullMarked
package io.groupota.testkit.contract;

import org.jspecify.annotations.NullMarked;
