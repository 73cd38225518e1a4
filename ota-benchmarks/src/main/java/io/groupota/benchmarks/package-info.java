/** What the library costs, measured beside the limits of the same machine. A program. */
@NullMarked
package io.groupota.benchmarks;

import org.jspecify.annotations.NullMarked;
