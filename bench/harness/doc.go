// Command harness measures weft beside its peers. It is run as bench/run, from
// anywhere and without arguments, and then writes the tables of
// docs/performance.md and the plots in docs/performance.
//
//	bench/run                     everything, half an hour
//	bench/run -quick              a table on standard output in under two minutes
//	bench/run -only 'small-tls'   the tables whose names match, and only their figures change
//	bench/run -render             the documents again from docs/performance/results.json
//	bench/run -list               the tables there are
//
// # How it measures
//
// The server has core 0 and the client core 1. For every cell a server is
// started afresh, warmed up and measured over about a second; how many requests
// that takes is found out while warming up. Within a round the contenders take
// turns, column by column, so that whatever drifts hits all alike. Cells show
// the median of the rounds, and the lowest and highest.
//
// Curves are measured abreast: a contender's servers of all columns stand at the
// same time, and each is measured for 50 ms in turn, until all have had their
// span. Beside each figure stands how it grew since the first column: a growth of
// a few per cent is less than what the machine's speed changes by from one second
// to the next.
//
// CPU time is what the kernel's scheduler charged to all threads of the server
// between the end of the warm-up and the end of the measurement, in nanoseconds
// (/proc/PID/task/*/schedstat), divided by the requests. Peak memory is VmHWM.
//
// A cell that can't be measured says why ("failed: …"), and the run goes on. A
// peer that isn't installed is named as missing. No process outlives the run.
//
// # Reading the program
//
// experiment.go says what a table is, and tables.go lists them; small.go,
// bulk.go and the like are the kinds of workload. contender.go, peers.go and
// node.mjs are who takes part, kit.go what is built for it; process.go and
// proc.go start and observe servers, h2load.go and loader.go are the clients.
// run.go takes turns, abreast.go more often, results.go keeps what came out, stats.go, table.go, svg.go
// and document.go make it readable, and targets.go judges it.
package main
