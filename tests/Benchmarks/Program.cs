using Edge.Benchmarks;

Dictionary<string, Action> benchmarks = new()
{
    ["preprocess"] = PreprocessBenchmark.Run,
    ["health"] = CameraHealthBenchmark.Run,
    ["coreset"] = CoresetBenchmark.Run,
    ["flow"] = FlowBenchmark.Run,
    ["fcdd"] = FcddBenchmark.Run,
    ["memory"] = MemoryBenchmark.Run,
    ["efficientad"] = EfficientAdBenchmark.Run,
    ["pixels"] = PixelMetricsBenchmark.Run,
    ["graphs"] = () => GraphBenchmark.Run(Environment.GetEnvironmentVariable("EDGE_PACKAGES") ?? Package()),
    ["batch"] = () => BatchBenchmark.Run(Environment.GetEnvironmentVariable("EDGE_PACKAGES") ?? Package()),
    ["line"] = () => LineBenchmark.Run(Package()),
    ["shadow"] = () => ShadowBenchmark.Run(Package()),
    ["agent"] = () => AgentBenchmark.Run(Package()),
    ["drift"] = () => DriftBenchmark.Run(Package()),
};
if (args.Length == 0 || args.Any(a => !benchmarks.ContainsKey(a)))
{
    Console.Error.WriteLine($"Usage: dotnet run -c Release --project tests/Benchmarks -- {string.Join(' ', benchmarks.Keys.Select(k => $"[{k}]"))}");
    return 2;
}
foreach (string name in args) benchmarks[name]();
return 0;

// The model of ./demo.sh, or another one.
static string Package() => Environment.GetEnvironmentVariable("EDGE_PACKAGE") ?? "out/models/flange";
