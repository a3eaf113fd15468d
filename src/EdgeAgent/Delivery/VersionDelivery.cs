using System.Text.Json;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Agent.Models;
using Edge.Journal;
using Edge.Packages;

namespace Edge.Agent.Delivery;

/// <summary>One model: what the trainer has is fetched, then becomes what the configuration says. Called by one task.</summary>
internal sealed partial class VersionDelivery(
    AgentOptions agent, IReadOnlyList<Station> stations, PackageStore store, ModelProof proof, PackageFetch fetch, JournalWriter? journal, DeliveryMetrics metrics, TimeProvider time, ILogger log)
{
    private readonly DeliveryOptions options = agent.Delivery;
    private readonly DeliveryBook book = new(new StateFile(agent.State, "delivery.json"), log);
    private readonly Dictionary<(string Model, string Manifest), (string Keys, string Why)> refused = [];

    /// <exception cref="DeliveryException">What is still to be done, and why it could not be.</exception>
    public async Task FollowAsync(PackageServer server, string model, IProgress<FetchProgress> progress, CancellationToken stop)
    {
        ModelOffer? offer;
        try
        {
            offer = await server.AskAsync(model, stop).ConfigureAwait(false);
        }
        finally
        {
            metrics.Seen(server);
        }
        metrics.Answered(time.GetUtcNow());
        if (offer is null) return;
        metrics.Offered(model, offer.Newest.Version);
        DeliveryException? trouble = null;
        foreach (OfferedVersion version in offer.Current is { } current && current != offer.Newest ? (OfferedVersion[])[current, offer.Newest] : [offer.Newest])
        {
            try
            {
                await FetchAsync(server, model, version, progress, stop).ConfigureAwait(false);
                await Task.Run(() => Use(server, model, version, version == offer.Current, version == offer.Newest, stop), stop).ConfigureAwait(false);
            }
            catch (DeliveryException e)
            {
                trouble = e;   // the other version may be whole
            }
        }
        if (trouble is not null) throw trouble;
        Prune(model);
    }

    private async Task FetchAsync(PackageServer server, string model, OfferedVersion version, IProgress<FetchProgress> progress, CancellationToken stop)
    {
        // Another key may be trusted meanwhile.
        string keys = store.TrustedKeysFile is { } file ? $"{File.GetLastWriteTimeUtc(file).Ticks}" : "";
        if (store.CurrentOrNone(model) == version.Version) refused.Remove((model, version.Manifest));   // somebody has put it right
        if (refused.TryGetValue((model, version.Manifest), out (string Keys, string Why) before) && before.Keys == keys) throw new DeliveryException(DeliveryTrouble.Refused, before.Why);
        bool here = Directory.Exists(store.FolderOf(model, version.Version));
        try
        {
            Package package = await fetch.FetchAsync(server, model, version, progress, stop).ConfigureAwait(false);
            if (here) return;
            DeliveredModel known = book.Of(model);
            book.Set(model, known with { Fetched = [.. known.Fetched.Append(version.Version).Distinct().Order()] });
            metrics.Fetched(model);
            LogFetched(model, version.Version, server.Name);
            Write(model, new DeliveryEvent("model-delivered", model, version.Version, version.Manifest, server.Name, package.SignedBy, null));
        }
        catch (DeliveryException e) when (e.Trouble == DeliveryTrouble.Refused && !here)
        {
            Refuse(server, model, version, keys, e);
            throw;
        }
    }

    /// <summary>What came is made what it is to be here: once, so that what somebody does here later stands.</summary>
    private void Use(PackageServer server, string model, OfferedVersion version, bool isCurrent, bool isNewest, CancellationToken stop)
    {
        DeliveredModel known = book.Of(model);
        string by = $"delivery from {server.Name}";
        try
        {
            if (options.Activate == DeliveryActivation.Current && isCurrent && known.Followed != version.Version)
            {
                Activate(model, version.Version, by, stop);
                book.Set(model, book.Of(model) with { Followed = version.Version });
            }
            else if (options.Activate == DeliveryActivation.Shadow && isNewest && known.Watched != version.Version && store.CurrentOrNone(model) is { } current && version.Version > current)
            {
                if (stations.FirstOrDefault(s => s.Recipes.Current.Model == model) is not { } station) return;   // when it is made again
                station.Shadow.Order(version.Version, by, "newest at the trainer");
                book.Set(model, book.Of(model) with { Watched = version.Version });
            }
        }
        catch (Exception e) when (e is not DeliveryException && !stop.IsCancellationRequested)
        {
            // Whatever is wrong with a candidate, what runs stays.
            DeliveryException why = new(DeliveryTrouble.Refused, $"{model} version {version.Version} is here and does not prove itself, what runs stays: {e.Message}", e);
            Refuse(server, model, version, store.TrustedKeysFile is { } file ? $"{File.GetLastWriteTimeUtc(file).Ticks}" : "", why);
            throw why;
        }
    }

    private void Activate(string model, int version, string by, CancellationToken stop)
    {
        const string why = "current at the trainer";
        if (store.CurrentOrNone(model) == version) return;
        if (stations.FirstOrDefault(s => s.Recipes.Current.Model == model) is { } station)
        {
            station.Watcher.Activate(version, by, why);   // the other stations follow the file
            return;
        }
        proof.Require(store.Open(model, version), 0, stop);
        store.SetCurrent(model, version, by, why);
    }

    private void Refuse(PackageServer server, string model, OfferedVersion version, string keys, DeliveryException e)
    {
        refused[(model, version.Manifest)] = (keys, e.Message);
        metrics.Refused(model);
        Write(model, new DeliveryEvent("delivery-refused", model, version.Version, version.Manifest, server.Name, null, e.Message));
    }

    /// <summary>The oldest fetched versions that nothing needs.</summary>
    private void Prune(string model)
    {
        DeliveredModel known = book.Of(model);
        int current = store.CurrentOrNone(model) ?? int.MaxValue;
        int[] needed = [current, store.Versions(model).LastOrDefault(v => v < current), known.Followed ?? 0, known.Watched ?? 0];
        foreach (int version in known.Fetched.SkipLast(options.Keep).Except(needed))
        {
            try
            {
                store.Remove(model, version);
                book.Set(model, book.Of(model) with { Fetched = [.. book.Of(model).Fetched.Where(v => v != version)] });
                LogRemoved(model, version);
            }
            catch (EdgeException e)
            {
                LogNotRemoved(e.Message);   // it is in use; next time
            }
        }
    }

    private void Write(string model, DeliveryEvent entry)
    {
        string record = JsonSerializer.Serialize(entry, DeliveryJson.Default.DeliveryEvent);
        foreach (Station station in stations.Where(s => s.Recipes.Models.Contains(model))) journal?.Offer(station.Name, JournalKind.Event, record);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} version {Version} was fetched from {From}")]
    private partial void LogFetched(string model, int version, string from);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} version {Version} is removed: Edge:Delivery:Keep newer ones are here")]
    private partial void LogRemoved(string model, int version);

    [LoggerMessage(Level = LogLevel.Information, Message = "an old version stays: {Why}")]
    private partial void LogNotRemoved(string why);
}
