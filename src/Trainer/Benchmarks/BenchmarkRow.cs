using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Training.Benchmarks;

/// <summary>One training and what came of it. A line of the results file.</summary>
internal sealed record BenchmarkRow
{
    /// <summary>Name of the data set's folder.</summary>
    public required string Dataset { get; init; }

    /// <summary>Method and its options as they were given, variables not replaced.</summary>
    public required string Run { get; init; }
    public required int Seed { get; init; }
    public required string Size { get; init; }

    public required string Method { get; init; }
    public required string Backbone { get; init; }
    public required int Trained { get; init; }
    public required int TestNormal { get; init; }
    public required int TestAnomalous { get; init; }
    public required double? ImageAuroc { get; init; }
    public required double? PixelAuroc { get; init; }

    /// <summary>Up to a false positive rate of 0.3.</summary>
    public required double? Aupro { get; init; }

    /// <summary>Of the fit alone: pictures read, learnt from, and nothing evaluated. By the clock, and of all threads together.</summary>
    public required double TrainingSeconds { get; init; }
    public required double TrainingProcessorSeconds { get; init; }

    /// <summary>Cores that other programs used meanwhile; null = not known.</summary>
    public double? OtherCores { get; init; }

    /// <summary>Times taken beside more than this say little.</summary>
    public const double QuietCores = 0.2;

    [JsonIgnore] public bool IsQuiet => OtherCores is not > QuietCores;

    /// <summary>Median of one picture of the model's size, <see cref="Threads"/> threads.</summary>
    public required double InferenceMilliseconds { get; init; }
    public required int Threads { get; init; }
    public required long PackageBytes { get; init; }
    public required string Processor { get; init; }
    public required string? GitCommit { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    [JsonIgnore] public (string, string, int, string) Key => (Dataset, Run, Seed, Size);

    public string ToJson() => JsonSerializer.Serialize(this, BenchmarkJson.Default.BenchmarkRow);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(BenchmarkRow))]
[JsonSerializable(typeof(IReadOnlyList<BenchmarkRow>))]
internal sealed partial class BenchmarkJson : JsonSerializerContext;
