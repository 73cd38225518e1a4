package io.groupota;

/**
 * What became of the reports that a service was given since it was built, and how full its buffer
 * is. Immutable.
 *
 * <p>Each call of {@link GroupOtaService#report} adds one to {@code taken}, {@code repeated},
 * {@code ignored}, {@code droppedRefreshes} or {@code refusedChanges} until the service is closed.
 * They are read one after the other, so while reports come in they do not show one moment.
 *
 * @param taken is or was waiting to be saved; several of one device are saved as one
 * @param repeated says only what is saved or being saved, since not long ago: done with
 * @param ignored is of a device that is in no group, or came in with the MQTT user of another; one
 *     of which this turns out later is in {@code taken}
 * @param droppedRefreshes would have refreshed {@link DeviceState#lastSeen()} only: refused under
 *     overload, or taken and then dropped to make room for a change
 * @param refusedChanges said something new, or may have, since this service did not know the device
 *     yet: refused under overload
 * @param saved states of devices that were written to the repository
 * @param versionChanges how many of those made the version another one
 * @param waiting how many devices have reports that wait to be saved, and how many have some that
 *     are being saved
 * @param capacity how many may be waiting at the most
 */
public record ReportCounts(
    long taken,
    long repeated,
    long ignored,
    long droppedRefreshes,
    long refusedChanges,
    long saved,
    long versionChanges,
    int waiting,
    int capacity) {}
