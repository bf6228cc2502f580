-- One request, repeated by wrk; what it is stands in the environment, so that no value has to be quoted here.
wrk.method = os.getenv("BENCH_METHOD")
wrk.headers["X-Tune-Key"] = os.getenv("BENCH_KEY")
local body = os.getenv("BENCH_BODY")
if body ~= "" then
  wrk.body = body
  wrk.headers["Content-Type"] = "application/json"
end

-- No `response` function: with one, wrk would parse every header and become the bottleneck itself.
function done(summary, latency, requests)
  io.write(string.format(
    'BENCH {"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
