namespace Edge.Agent.Messaging;

/// <summary>
/// Acknowledgements of triggers (PUBACK), held back until what became of the part is safe, so that the broker sends a trigger again whose
/// part a crash has swallowed. They leave in the order of the triggers (MQTT 5, 4.6). No more than <paramref name="limit"/> are held: a
/// disk that stalls must not keep the broker from sending the next.
/// </summary>
internal sealed class TriggerReceipts(int limit)
{
    private readonly Queue<Receipt> held = new();
    private readonly Lock gate = new();

    /// <summary>One trigger's acknowledgement.</summary>
    internal sealed class Receipt(TriggerReceipts owner, Action acknowledge)
    {
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
        Receipt receipt = new(this, acknowledge);
        lock (gate)
        {
            held.Enqueue(receipt);
            if (held.Count > limit) held.Peek().IsDone = true;
            Flush();
        }
        return receipt;
    }

    /// <summary>The connection has gone: the broker sends these triggers again.</summary>
    public void Forget()
    {
        lock (gate) held.Clear();
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
}
