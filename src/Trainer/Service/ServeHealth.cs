using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Training.Service.Configuration;
using Edge.Training.Service.Gates;
using Edge.Training.Service.Runs;
using Microsoft.AspNetCore.Http;

namespace Edge.Training.Service;

/// <summary>What <c>/healthz</c> says.</summary>
/// <param name="Run">Id of the run that is under way.</param>
/// <param name="Problems">By product; empty when the next run could begin.</param>
internal sealed record ServeReport(string Status, string Build, string? Run, int Queued, IReadOnlyDictionary<string, IReadOnlyList<string>> Problems);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ServeReport))]
internal sealed partial class ServeHealthJson : JsonSerializerContext;

/// <summary>Healthy: its clock beats and the next run of every product could begin. A broker that is away is not the trainer's illness; a metric shows it.</summary>
internal sealed class ServeHealth(ServeOptions options, RunBook book, AutomaticRuns automatic, TrainingProcess process)
{
    public ServeReport Report()
    {
        Dictionary<string, IReadOnlyList<string>> problems = options.Products.ToDictionary(p => p.Key, p => (IReadOnlyList<string>)[.. Problems(p.Value)]);
        return new ServeReport(problems.Values.All(p => p.Count == 0) ? "healthy" : "unhealthy", Build.Version, book.Running?.Id, book.Queued, problems);
    }

    public string Summary() => book.Running is { } run ? $"{run.Id}: {process.Progress ?? "measuring"}; {book.Queued} waiting" : $"{book.Queued} waiting; last: {(book.Last is { } last ? $"{last.Id} {last.State.Wire()}" : "none")}";

    private IEnumerable<string> Problems(ProductOptions product)
    {
        if (!automatic.Beats) yield return "the clock of automatic runs has stopped";
        if (!Directory.Exists(product.Data)) yield return $"the data folder {product.Data} is not there";
        string? why = null;
        try
        {
            new Candidates(options).Store();
        }
        catch (EdgeException e)
        {
            why = e.Message;
        }
        if (why is not null) yield return why;
    }

    public async Task WriteAsync(HttpContext http)
    {
        ServeReport report = Report();
        http.Response.StatusCode = report.Status == "healthy" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(report, ServeHealthJson.Default.ServeReport), http.RequestAborted).ConfigureAwait(false);
    }
}
