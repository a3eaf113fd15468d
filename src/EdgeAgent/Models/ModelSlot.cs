namespace Edge.Agent.Models;

/// <summary>Hands a model from the watcher to the loop, without a lock. A model that was not taken in time gives way to the next.</summary>
internal sealed class ModelSlot
{
    private LoadedModel? offered;

    public void Offer(LoadedModel model) => Interlocked.Exchange(ref offered, model)?.Dispose();

    /// <summary>The offered model, now the caller's; null when there is none.</summary>
    public LoadedModel? Take() => Volatile.Read(ref offered) is null ? null : Interlocked.Exchange(ref offered, null);
}
