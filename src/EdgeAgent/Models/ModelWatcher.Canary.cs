using Edge.Agent.Inspection;
using Edge.Packages;

namespace Edge.Agent.Models;

/// <summary>A version at this station before the others have it.</summary>
internal sealed partial class ModelWatcher
{
    /// <summary>As <see cref="Activate"/>, for this station alone; null = it goes back to <c>current</c>, and with it every station that had the canary.</summary>
    /// <exception cref="Exception">It does not prove itself; nothing has changed.</exception>
    public void RunCanary(int? version, string by, string? why)
    {
        lock (gate)
        {
            Recipe recipe = recipes.Current;
            if (version is not { } next)
            {
                if (store.Canary(recipe.Model) is { } canary && canary.IsAt(station)) EndCanary(by, why);
                else store.EndCanary(recipe.Model, by, why);
                return;
            }
            LoadedModel? model = next == offered ? null : loader.Load(recipe, next, stopping, activation: new Activation(time.GetUtcNow(), Offered, next, by, why, canaryHere));
            Keep(model, () => store.AddCanary(recipe.Model, next, station, by, why));
            Offer(next, model);
            Set(new ModelStatus(ModelState.Running, next, null, Canary: true));
        }
    }

    /// <summary>A version has passed its probation here. A canary that has passed at all its stations is every station's. Never throws.</summary>
    public void Promote(int version, CanaryVotes votes, string by, string why)
    {
        lock (gate)
        {
            string name = recipes.Current.Model;
            try
            {
                if (offered == version && store.Canary(name) is { } canary && canary.IsAt(station) && canary.Version == version && votes.Add(name, canary, station))
                    store.SetCurrent(name, version, by, why);
            }
            catch (EdgeException e)
            {
                LogNotPromoted(name, version, e.Message);
            }
        }
    }

    /// <summary>What the others have proves itself again, then the canary is over.</summary>
    private void EndCanary(string by, string? why)
    {
        Recipe recipe = recipes.Current;
        int version = store.Current(recipe.Model) ?? throw new EdgeException($"{recipe.Model} has no current version to go back to.");
        LoadedModel? model = version == offered ? null : loader.Load(recipe, version, stopping, activation: new Activation(time.GetUtcNow(), Offered, version, by, why, canaryHere));
        Keep(model, () => store.EndCanary(recipe.Model, by, why));
        Offer(version, model);
        Set(new ModelStatus(ModelState.Running, version, null));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Name} version {Version} has passed as a canary and could not be made current: {Why}")]
    private partial void LogNotPromoted(string name, int version, string why);
}
