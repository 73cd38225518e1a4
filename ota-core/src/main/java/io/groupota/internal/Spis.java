package io.groupota.internal;

import io.groupota.spi.BlobStore;
import io.groupota.spi.EntitlementPolicy;
import io.groupota.spi.FirmwareInspector;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateNotifier;

/** What the host brought. */
public record Spis(
    OtaRepository repository,
    BlobStore blobs,
    GroupDirectory groups,
    UpdateNotifier notifier,
    EntitlementPolicy entitlement,
    FirmwareInspector inspector) {}
