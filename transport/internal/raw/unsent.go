package raw

// MaxUnsent is how many bytes a socket takes beyond what it has sent already.
// Without such a bound the kernel queues megabytes, and what is said next,
// however urgent, leaves after all of them. What was sent and not yet
// acknowledged does not count: the speed on a long link does not depend on it.
const MaxUnsent = 128 << 10
