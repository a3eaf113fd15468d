using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Agent.Drift;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Agent.Shadow;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Agent.Messaging;

/// <summary>
/// Keeps the retained <c>status</c>, <c>model</c>, <c>drift</c> and <c>recipe</c> topics equal to what is: after every change and every connect, the latest;
/// <c>status</c> also as the heartbeat.
/// </summary>
/// <param name="notReady">Why a part would not be inspected now; null when it would.</param>
internal sealed class StatusPublisher(
    BrokerLink link, Topics topics, StationOptions options, Camera camera, Inspector inspector, ModelWatcher watcher, StationShadow shadow, Ledger ledger, RecipeBook recipes, StationDrift drift, Func<string?> notReady, TimeSpan heartbeat, TimeProvider time)
{
    private readonly Channel<bool> changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly DateTimeOffset since = time.GetUtcNow();
    private int everything;
    private long beat;

    /// <summary>Something may have changed. From any thread; many calls are one message.</summary>
    public void Touch()
    {
        Volatile.Write(ref everything, 1);
        changed.Writer.TryWrite(true);
    }

    public async Task RunAsync(CancellationToken stop)
    {
        await using ITimer timer = time.CreateTimer(_ => changed.Writer.TryWrite(true), null, heartbeat, heartbeat);
        await foreach (bool _ in changed.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            await link.WaitConnectedAsync(stop).ConfigureAwait(false);
            try
            {
                if (Interlocked.Exchange(ref everything, 0) == 1)
                {
                    await PublishAsync(topics.Recipe, JsonSerializer.SerializeToUtf8Bytes(RecipeNow(), MessageJson.Default.RecipeMessage), stop).ConfigureAwait(false);
                    await PublishAsync(topics.Model, JsonSerializer.SerializeToUtf8Bytes(Model(), MessageJson.Default.ModelMessage), stop).ConfigureAwait(false);
                    if (drift.Now is { } report) await PublishAsync(topics.Drift, JsonSerializer.SerializeToUtf8Bytes(DriftMessage.Of(report), MessageJson.Default.DriftMessage), stop).ConfigureAwait(false);
                }
                await PublishAsync(topics.Status, JsonSerializer.SerializeToUtf8Bytes(Status(), MessageJson.Default.StatusMessage), stop).ConfigureAwait(false);
            }
            catch (EdgeException)
            {
                // Said again with the next connection.
            }
        }
    }

    /// <summary>A planned end: said by ourselves, because the broker sends the will only for an unplanned one.</summary>
    public Task PublishOfflineAsync(CancellationToken stop) => PublishAsync(topics.Status, """{"state":"offline"}"""u8.ToArray(), stop);

    private Task<bool> PublishAsync(string topic, byte[] json, CancellationToken stop) => link.PublishAsync(
        new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(json),
            Retain = true,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            ContentType = "application/json",
        },
        stop);

    private StatusMessage Status() => new(
        "online", notReady() is null, notReady(), ledger.Awaiting, ++beat, camera.State.Wire(), camera.Trouble, inspector.Model?.Name, inspector.Model?.Version, link.SessionPresent ? "resumed" : "new", Build.Version, since);

    private ModelMessage Model()
    {
        LoadedModel? running = inspector.Model is { } model && model.Name == recipes.Current.Model ? model : null;
        return new(recipes.Current.Model, running?.Version, watcher.Status.State.Wire(), watcher.Status.Aspired, watcher.Status.Refusal, running?.SignedBy, watcher.Status.Canary,
            shadow.Status is { State: not ModelState.None } s ? new ShadowMessage(s.Aspired, s.State.Wire(), s.Refusal) : null);
    }

    private RecipeMessage RecipeNow() => new(recipes.Current.Name, recipes.Current.Model, [.. options.Recipes.Keys.Order(StringComparer.Ordinal)]);
}
