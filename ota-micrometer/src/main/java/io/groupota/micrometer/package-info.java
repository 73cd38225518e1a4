/**
 * Metrics of a service for any Micrometer registry: {@link io.groupota.micrometer.GroupOtaMetrics}.
 */
@NullMarked
package io.groupota.micrometer;

import org.jspecify.annotations.NullMarked;
