namespace Edge.Hosting;

/// <summary>
/// Acknowledgements of triggers (PUBACK), held back until what became of the part is safe, so that the broker sends a trigger again whose
/// part a crash has swallowed. They leave in the order of the triggers (MQTT 5, 4.6). When more are held than the limit, the
/// oldest goes after <see cref="Patience"/> whatever became of its part: a disk that hangs must not keep the broker from sending the next.
/// </summary>
internal sealed class Receipts : IDisposable
{
    /// <summary>Longer than a busy disk takes, after an outage with a burst of triggers too.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly int limit;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly Queue<Receipt> held = new();
    private readonly Lock gate = new();

    public Receipts(int limit, TimeProvider time)
    {
        (this.limit, this.time) = (limit, time);
        timer = time.CreateTimer(_ => LetGo(), null, Patience / 4, Patience / 4);
    }

    /// <summary>One trigger's acknowledgement.</summary>
    internal sealed class Receipt(Receipts owner, Action acknowledge, long heldSince)
    {
        public long HeldSince { get; } = heldSince;
        public bool IsDone { get; set; }
        public Action Acknowledge { get; } = acknowledge;

        /// <summary>Its part is safe. From any thread, also after the connection has gone.</summary>
        public void Done() => owner.Done(this);
    }

    public int Count
    {
        get { lock (gate) return held.Count; }
    }

    /// <param name="acknowledge">Must not block.</param>
    public Receipt Hold(Action acknowledge)
    {
        Receipt receipt = new(this, acknowledge, time.GetTimestamp());
        lock (gate)
        {
            held.Enqueue(receipt);
        }
        return receipt;
    }

    /// <summary>The connection has gone: the broker sends these triggers again.</summary>
    public void Forget()
    {
        lock (gate) held.Clear();
    }

    private void LetGo()
    {
        lock (gate)
        {
            while (held.Count > limit && time.GetElapsedTime(held.Peek().HeldSince) >= Patience)
            {
                held.Peek().IsDone = true;
                Flush();
            }
        }
    }

    private void Done(Receipt receipt)
    {
        lock (gate)
        {
            receipt.IsDone = true;
            Flush();
        }
    }

    private void Flush()
    {
        while (held.TryPeek(out Receipt? first) && first.IsDone) held.Dequeue().Acknowledge();
    }

    public void Dispose() => timer.Dispose();
}
