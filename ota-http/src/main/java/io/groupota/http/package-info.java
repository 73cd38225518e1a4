/**
 * The management API and the device API of the wire protocol as one Jakarta Servlet: {@link
 * io.groupota.http.OtaServlet}.
 */
@NullMarked
package io.groupota.http;

import org.jspecify.annotations.NullMarked;
