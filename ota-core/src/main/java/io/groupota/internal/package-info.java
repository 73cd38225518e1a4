/** Not API: not exported, may change in any release. */
@NullMarked
package io.groupota.internal;

import org.jspecify.annotations.NullMarked;
