// ThreadSanitizer sees how a Mutex of Swift's passes from one thread to the next only where nobody has to wait for it:
// that much is compiled into whoever uses it. What waits, and what wakes who waits, stands in libswiftSynchronization,
// which is not built for the sanitizer, and each such passage looked like a race. These stand in front of the two and
// say so.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <stdint.h>

// Methods of _MutexHandle, whose one field is the lock's word. Swift's calling convention has self in a register of its
// own.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context))

typedef __attribute__((swiftcall)) void (*LockFunction)(uint32_t, SELF void *);
typedef __attribute__((swiftcall)) void (*UnlockFunction)(SELF void *);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF void *word) __asm__(LOCK);
__attribute__((swiftcall)) void unlock_slow(SELF void *word) __asm__(UNLOCK);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF void *word) {
    ((LockFunction)dlsym(RTLD_NEXT, LOCK))(thread, word);
    __tsan_acquire(word);
}

__attribute__((swiftcall)) void unlock_slow(SELF void *word) {
    __tsan_release(word);
    ((UnlockFunction)dlsym(RTLD_NEXT, UNLOCK))(word);
}

#endif
#endif
