package io.groupota.storage.cache;

import io.groupota.BlobKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Which files are in the cache or on their way, in the order of their last use, and how much room
 * they take. Thread-safe; does no input or output.
 */
final class CacheIndex {
  /** A file that is in the cache or on its way. */
  static final class Slot {
    /** True once the file is on the disk, false if it will not be. */
    private final CompletableFuture<Boolean> cached = new CompletableFuture<>();

    private long size;
    private BlockSums sums = new BlockSums(0);

    CompletableFuture<Boolean> cached() {
      return cached;
    }

    private boolean isCached() {
      return cached.getNow(false);
    }

    /** How large the file is, once room was reserved for it. */
    long size() {
      return size;
    }

    /** What the file has to match, taken while it is fetched. */
    BlockSums sums() {
      return sums;
    }
  }

  /** Whether there is room, and which files gave way for it. */
  record Room(boolean granted, List<BlobKey> gaveWay) {}

  private final long maxBytes;
  private final Map<BlobKey, Slot> slots = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  CacheIndex(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** The slot of a key: the given one if there was none, which the caller then has to settle. */
  synchronized Slot claim(BlobKey key, Slot own) {
    Slot present = slots.get(key);
    if (present != null) {
      return present;
    }
    slots.put(key, own);
    return own;
  }

  /**
   * Reserves room before a byte is fetched, so that fetches at once do not exceed it together.
   * Where those leave none, nothing gives way in vain.
   */
  synchronized Room reserve(BlobKey key, Slot slot, long size) {
    if (slots.get(key) != slot || size > maxBytes - bytesOnTheirWay()) {
      return new Room(false, List.of());
    }
    List<BlobKey> gaveWay = new ArrayList<>();
    Iterator<Map.Entry<BlobKey, Slot>> eldestFirst = slots.entrySet().iterator();
    while (bytes > maxBytes - size && eldestFirst.hasNext()) {
      Map.Entry<BlobKey, Slot> eldest = eldestFirst.next();
      if (eldest.getValue().isCached()) {
        eldestFirst.remove();
        bytes -= eldest.getValue().size;
        gaveWay.add(eldest.getKey());
      }
    }
    slot.size = size;
    slot.sums = new BlockSums(size);
    bytes += size;
    return new Room(true, gaveWay);
  }

  private long bytesOnTheirWay() {
    return slots.values().stream()
        .filter(slot -> !slot.isCached())
        .mapToLong(slot -> slot.size)
        .sum();
  }

  synchronized boolean holds(BlobKey key, Slot slot) {
    return slots.get(key) == slot;
  }

  /** False if the slot was gone already. */
  synchronized boolean remove(BlobKey key, Slot slot) {
    boolean removed = slots.remove(key, slot);
    if (removed) {
      bytes -= slot.size;
    }
    return removed;
  }

  /** Whether the file was on the disk; one that is on its way finds its slot gone. */
  synchronized boolean remove(BlobKey key) {
    Slot slot = slots.remove(key);
    if (slot == null) {
      return false;
    }
    bytes -= slot.size;
    return slot.cached.isDone();
  }

  synchronized long bytes() {
    return bytes;
  }
}
