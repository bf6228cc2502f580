-- Makes wrk repeat one request. The request comes from environment variables, which need no quoting.
wrk.method = os.getenv("BENCH_METHOD")
wrk.headers["X-Tune-Key"] = os.getenv("BENCH_KEY")
local body = os.getenv("BENCH_BODY")
if body ~= "" then
  wrk.body = body
  wrk.headers["Content-Type"] = "application/json"
end

-- A `response` function would make wrk parse every header and turn wrk into the bottleneck.
function done(summary, latency, requests)
  io.write(string.format(
    'BENCH {"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
