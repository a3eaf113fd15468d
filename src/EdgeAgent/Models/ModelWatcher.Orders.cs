using Edge.Agent.Inspection;
using Edge.Packages;

namespace Edge.Agent.Models;

/// <summary>What the station is told to run: proved, then written to the disk, then in force. What fails has changed nothing.</summary>
internal sealed partial class ModelWatcher
{
    /// <summary>The next recipe's model proves itself beside the running one; parts that are triggered after this call are its.</summary>
    /// <exception cref="Exception">It does not; nothing has changed.</exception>
    public void Change(Recipe next)
    {
        lock (gate)
        {
            if (next.Name == recipes.Current.Name && offered > 0) return;
            Aspiration aspired = Aspiration.Of(store, next.Model, station);
            int version = aspired.Version ?? throw new EdgeException($"There is no model '{next.Model}'.");
            LoadedModel model = loader.Load(next, version, stopping, aspired.Canary ? canaryHere : null);
            Keep(model, () => recipes.Store(next));
            Offer(version, model);
            recipes.Enter(next);
            Set(new ModelStatus(ModelState.Running, version, null, aspired.Canary));
            Changed?.Invoke();
        }
    }

    /// <summary>A version of the current recipe's model proves itself beside the running one, is named in <c>current</c>, and then runs.</summary>
    /// <exception cref="Exception">It does not; nothing has changed.</exception>
    public void Activate(int version, string by, string? why)
    {
        lock (gate)
        {
            Recipe recipe = recipes.Current;
            int? current = store.CurrentOrNone(recipe.Model);
            if (version == offered && version == current && !status.Canary) return;
            Activation activation = new(time.GetUtcNow(), current, version, by, why);
            LoadedModel? model = version == offered ? null : loader.Load(recipe, version, stopping, activation: activation);
            Keep(model, () => store.SetCurrent(recipe.Model, version, by, why));
            Offer(version, model);
            Set(new ModelStatus(ModelState.Running, version, null));
        }
    }

    /// <summary>What came last is undone: a canary here ends; else the newest version before <c>current</c> that opens, as <see cref="Activate"/>.</summary>
    /// <exception cref="Exception">There is none, or it does not prove itself; nothing has changed.</exception>
    public void RollBack(string by, string? why)
    {
        lock (gate)
        {
            why ??= "roll back";
            if (Aspiration.Of(store, recipes.Current.Model, station).Canary) EndCanary(by, why);
            else Activate(store.OpenPrevious(recipes.Current.Model, LogPassedOver).Manifest.Version, by, why);
        }
    }

    /// <summary>A version did not pass its probation: the one before proves itself again and takes over. Never throws.</summary>
    public void Withdraw(int version, int from, string by, string why)
    {
        lock (gate)
        {
            if (offered != version) return;   // somebody was faster
            Recipe recipe = recipes.Current;
            LogWithdrawn(recipe.Model, version, from, why);
            bool canary = status.Canary;
            try
            {
                Offer(from, loader.Load(recipe, from, stopping, activation: new Activation(time.GetUtcNow(), version, from, by, why, canary ? canaryHere : null)));
            }
            catch (Exception e)
            {
                LogNoWayBack(recipe.Model, from, version, e.Message);
                return;
            }
            Interlocked.Increment(ref withdrawals);
            try
            {
                if (canary) store.EndCanary(recipe.Model, by, why);
                else store.SetCurrent(recipe.Model, from, by, why);
                Set(new ModelStatus(ModelState.Running, from, null));
            }
            catch (EdgeException e)
            {
                // It stays away from this station until somebody names a version again.
                refused.Remember(loader.Fingerprint(recipe.Model, version, canary ? "canary" : "current"), why, forGood: true);
                Set(new ModelStatus(ModelState.Refused, version, $"{why}. {e.Message}"));
            }
        }
    }

    /// <summary>Reads what should run from the disk once more: hashes, load, golden images, in a session of its own.</summary>
    /// <exception cref="Exception">It does not prove itself again.</exception>
    public void SelfTest()
    {
        lock (gate) loader.Load(recipes.Current, Offered ?? throw new EdgeException("No model runs."), stopping, shared: false).Dispose();
    }

    private static void Keep(LoadedModel? model, Action write)
    {
        try
        {
            write();
        }
        catch
        {
            model?.Dispose();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Name} version {Version} is withdrawn, version {From} runs again: {Why}")]
    private partial void LogWithdrawn(string name, int version, int from, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Name} version {From} cannot come back, {Version} stays: {Why}")]
    private partial void LogNoWayBack(string name, int from, int version, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "roll back: {Passed}")]
    private partial void LogPassedOver(string passed);
}
