/**
 * The repository and the built-in group directory on a relational database: H2 (its native mode, in
 * memory or in a file) and PostgreSQL 14 or newer. The host brings the driver and the {@link
 * javax.sql.DataSource}, which is never closed here.
 */
@NullMarked
package io.groupota.storage.jdbc;

import org.jspecify.annotations.NullMarked;
