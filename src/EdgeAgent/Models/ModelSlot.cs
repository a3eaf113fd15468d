namespace Edge.Agent.Models;

/// <summary>Hands a model from the watcher to the loop, without a lock. A model that was not taken in time gives way to the next.</summary>
internal sealed class ModelSlot
{
    private LoadedModel? offered;

    public void Offer(LoadedModel model) => Interlocked.Exchange(ref offered, model)?.Dispose();

    /// <summary>The offered model, now the caller's; null when there is none.</summary>
    public LoadedModel? Take() => Interlocked.Exchange(ref offered, null);

    /// <summary>The same, when it is for this recipe.</summary>
    public LoadedModel? Take(string? recipe) =>
        Volatile.Read(ref offered) is { } model && model.Recipe.Name == recipe && Interlocked.CompareExchange(ref offered, null, model) == model ? model : null;
}
