/**
 * Tests of the whole service on the storages of an implementer: extend {@link
 * io.groupota.testkit.service.DeployContract}, {@link io.groupota.testkit.service.TriggerContract}
 * and {@link io.groupota.testkit.service.ReportContract}.
 */
@NullMarked
package io.groupota.testkit.service;

import org.jspecify.annotations.NullMarked;
