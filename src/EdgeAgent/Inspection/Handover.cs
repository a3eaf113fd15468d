using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Edge.Agent.Inspection;

/// <summary>A bounded channel whose reader is a dedicated thread that blocks. Any thread may add; one at a time may take.</summary>
internal sealed class Handover<T>(int capacity)
{
    // The reader's continuation only wakes its thread: run where the item is added, it saves a hop over the thread pool.
    private readonly Channel<T> channel = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { AllowSynchronousContinuations = true });
    private Task<bool>? waiting;

    public int Count => channel.Reader.Count;

    /// <summary>No more will be added and everything is taken.</summary>
    public bool Ended => channel.Reader.Completion.IsCompleted;

    /// <summary>False when it is full or completed.</summary>
    public bool TryAdd(T item) => channel.Writer.TryWrite(item);

    /// <summary>Takes what is there.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T item) => channel.Reader.TryRead(out item);

    /// <summary>Waits for an item; false after <paramref name="wait"/> or at the end.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T item, TimeSpan wait)
    {
        if (channel.Reader.TryRead(out item)) return true;
        waiting ??= channel.Reader.WaitToReadAsync().AsTask();   // kept when the wait ends first, so that waiters don't pile up
        if (!waiting.Wait(wait)) return false;
        waiting = null;
        return channel.Reader.TryRead(out item);
    }

    public void Complete() => channel.Writer.TryComplete();
}
