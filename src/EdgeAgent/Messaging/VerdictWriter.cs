using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Edge.Agent.Inspection;

namespace Edge.Agent.Messaging;

/// <summary>Writes verdicts as JSON into one buffer that is used again. Every member is always there: a PLC's parser is simple.</summary>
internal sealed class VerdictWriter(TimeProvider time) : IDisposable
{
    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    // Part ids are text of the plant, not of a web page: only what JSON demands is escaped.
    private readonly Utf8JsonWriter json = new(Stream.Null, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The message on <c>verdict</c>. Valid until the next call.</summary>
    /// <param name="now">Timestamp of the hand-over to the MQTT client.</param>
    public ReadOnlyMemory<byte> Write(Job job, InspectionResult result, long now)
    {
        Begin();
        Members(job, result, now);
        return End();
    }

    /// <summary>The same for the journal, which says in addition where and when. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Write(Job job, InspectionResult result, string line, string station, DateTimeOffset decidedAt)
    {
        Begin();
        json.WriteString("line"u8, line);
        json.WriteString("station"u8, station);
        json.WriteString("decidedAt"u8, decidedAt);
        Members(job, result, result.DecidedAt);
        return End();
    }

    /// <summary>The message on <c>verdict</c> out of a journal's record: without where and when.</summary>
    public ReadOnlyMemory<byte> Write(string record)
    {
        using JsonDocument stored = JsonDocument.Parse(record);
        Begin();
        foreach (JsonProperty member in stored.RootElement.EnumerateObject())
            if (member.Name is not ("line" or "station" or "decidedAt")) member.WriteTo(json);
        return End();
    }

    private void Begin()
    {
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        json.WriteStartObject();
    }

    private ReadOnlyMemory<byte> End()
    {
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private void Members(Job job, InspectionResult result, long now)
    {
        json.WriteString("jobId"u8, job.Id);
        json.WriteString("partId"u8, job.PartId);
        json.WriteString("verdict"u8, result.Verdict.Wire());
        json.WriteString("reason"u8, result.Reason == Reason.None ? null : result.Reason.Wire());
        Number("score"u8, result.Score);
        Number("threshold"u8, result.Model?.Calibration.Threshold ?? float.NaN);
        json.WriteString("model"u8, result.Model?.Name);
        if (result.Model is { } model) json.WriteNumber("version"u8, model.Version);
        else json.WriteNull("version"u8);
        json.WriteString("recipe"u8, job.Recipe);
        json.WriteStartObject("latencyMs"u8);
        Milliseconds("wait"u8, result.Times.Wait);
        Milliseconds("acquire"u8, result.Times.Acquire);
        Milliseconds("preprocess"u8, result.Times.Preprocess);
        Milliseconds("infer"u8, result.Times.Infer);
        Milliseconds("publish"u8, now - result.DecidedAt);
        json.WriteEndObject();
        if (result.CapturedAt is { } captured) json.WriteString("capturedAt"u8, captured);
        else json.WriteNull("capturedAt"u8);
        json.WriteString("frame"u8, result.Frame);
    }


    private void Number(ReadOnlySpan<byte> name, float value)
    {
        if (float.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }

    private void Milliseconds(ReadOnlySpan<byte> name, long ticks) => json.WriteNumber(name, Math.Round(ticks * 1000.0 / time.TimestampFrequency, 3));

    public void Dispose() => json.Dispose();
}
