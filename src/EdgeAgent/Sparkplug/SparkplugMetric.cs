using Edge.Agent.Sparkplug.Proto;
using Metric = Edge.Agent.Sparkplug.Proto.Payload.Types.Metric;

namespace Edge.Agent.Sparkplug;

/// <summary>Sparkplug's data types (specification, 6.4.16) as far as they are used.</summary>
internal enum SparkplugType
{
    Int32 = 3,
    Int64 = 4,
    Float = 9,
    Double = 10,
    Boolean = 11,
    String = 12,
    DateTime = 13,
}

/// <summary>A metric with its type in every message: the specification wants it in births only, but decoders that know no birth need it, and it costs two bytes.</summary>
internal static class SparkplugMetric
{
    public static Metric Of(string name, string? value, DateTimeOffset at) => Make(name, SparkplugType.String, at, value is null, m => m.StringValue = value);
    public static Metric Of(string name, bool value, DateTimeOffset at) => Make(name, SparkplugType.Boolean, at, false, m => m.BooleanValue = value);

    /// <summary>Two's complement, as the specification wants it.</summary>
    public static Metric Of(string name, int? value, DateTimeOffset at) => Make(name, SparkplugType.Int32, at, value is null, m => m.IntValue = unchecked((uint)value!.Value));
    public static Metric Of(string name, long value, DateTimeOffset at) => Make(name, SparkplugType.Int64, at, false, m => m.LongValue = unchecked((ulong)value));
    public static Metric Of(string name, float? value, DateTimeOffset at) => Make(name, SparkplugType.Float, at, value is null, m => m.FloatValue = value!.Value);
    public static Metric Of(string name, double? value, DateTimeOffset at) => Make(name, SparkplugType.Double, at, value is null, m => m.DoubleValue = value!.Value);
    public static Metric Of(string name, DateTimeOffset? value, DateTimeOffset at) => Make(name, SparkplugType.DateTime, at, value is null, m => m.LongValue = (ulong)value!.Value.ToUnixTimeMilliseconds());

    public static Payload Payload(DateTimeOffset at, IEnumerable<Metric> metrics)
    {
        Payload payload = new() { Timestamp = (ulong)at.ToUnixTimeMilliseconds() };
        payload.Metrics.AddRange(metrics);
        return payload;
    }

    private static Metric Make(string name, SparkplugType type, DateTimeOffset at, bool isNull, Action<Metric> set)
    {
        Metric metric = new() { Name = name, Datatype = (uint)type, Timestamp = (ulong)at.ToUnixTimeMilliseconds() };
        if (isNull) metric.IsNull = true;
        else set(metric);
        return metric;
    }
}
