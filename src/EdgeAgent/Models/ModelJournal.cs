using System.Text.Json;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Agent.Shadow;
using Edge.Journal;
using Edge.Packages;

namespace Edge.Agent.Models;

/// <summary>Writes down which model runs from when on, who wanted it and why, and what was refused.</summary>
internal sealed class ModelJournal(string station, JournalWriter journal, Inspector inspector, ModelWatcher watcher, StationShadow shadow)
{
    private (string Name, int Version)? before;
    private ModelStatus? refused;

    public void Follow()
    {
        inspector.Changed += Swapped;
        watcher.Changed += Refused;
        shadow.Happened += Write;
    }

    /// <summary>On the inspection thread.</summary>
    private void Swapped()
    {
        if (inspector.Model is not { } model) return;
        Write(new ModelEvent("model-running", model.Recipe.Name, model.Name, model.Version, before?.Version, before?.Name == model.Name ? null : before?.Name,
            model.Activation?.By, model.Activation?.At, model.Activation?.Why, model.Activation?.Role));
        before = (model.Name, model.Version);
    }

    /// <summary>Under the watcher's lock.</summary>
    private void Refused()
    {
        ModelStatus now = watcher.Status;
        if (now.State != ModelState.Refused || now == refused) return;
        refused = now;
        Write(new ModelEvent("model-refused", watcher.Recipe.Name, watcher.Recipe.Model, now.Aspired, watcher.Offered, null, null, null, now.Refusal, now.Canary ? Activation.CanaryAt(station) : null));
    }

    private void Write(ModelEvent entry) => journal.Offer(station, JournalKind.Event, JsonSerializer.Serialize(entry, ModelEventJson.Default.ModelEvent));
}
