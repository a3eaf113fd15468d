using System.Globalization;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Packages;

namespace Edge.Agent.Shadow;

/// <summary>From what <c>shadow</c> says to what runs, under the lock.</summary>
internal sealed partial class StationShadow
{
    /// <summary>Looked at every second, and when the candidate is loaded or has failed. Never throws.</summary>
    private void Check()
    {
        lock (gate)
        {
            string name = recipes.Current.Model;
            int? named = null;
            try
            {
                named = store.Shadow(name);
                if (named is { } version && version != watcher.Offered) Follow(version);
                else
                {
                    if (candidate is not null) End(named is null ? "it was ended" : "it decides now", named is null ? loader.Ordered(name, 0, Role) : null);
                    refused.Forget();
                    Set(new ModelStatus(ModelState.None, null, null));
                }
            }
            catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
            {
                End(e.Message);
                Refuse("", name, named, e.Message, forGood: false);
            }
        }
    }

    private void Follow(int version)
    {
        Recipe recipe = recipes.Current;
        string what = loader.Fingerprint(recipe.Model, version, Role);
        if (candidate is { } c)
        {
            c.CheckStall(TimeSpan.FromSeconds(options.StallSeconds));
            if (c.Failure is { } why && c.Version == version)
            {
                End(why);
                Refuse(what, recipe.Model, version, why, c.ForGood);
                return;
            }
            if (c.Version != version || c.Recipe.Name != recipe.Name || c.Recipe.Model != recipe.Model) End("another one takes its place");
        }
        if (candidate is null)
        {
            if (refused.Holds(what)) return;
            candidate = Start(recipe, version, null);
        }
        if (candidate!.Model is null)
        {
            if (!refused.Is(what)) Set(new ModelStatus(ModelState.Loading, version, null));
            return;
        }
        refused.Forget();
        if (status.State == ModelState.Running && status.Aspired == version) return;
        Set(new ModelStatus(ModelState.Running, version, null));
        LoadedModel model = candidate.Model;
        LogRuns(model.Name, version, watcher.Offered);
        Happened?.Invoke(new ModelEvent("shadow-running", recipe.Name, model.Name, version, watcher.Offered, null, model.Activation?.By, model.Activation?.At, model.Activation?.Why));
    }

    /// <param name="order">Who ended it; null = nobody did.</param>
    private void End(string why, Activation? order = null)
    {
        if (candidate is not { } ended) return;
        candidate = null;
        ended.Dispose();
        books.Write(TimeSpan.Zero);
        if (status.State != ModelState.Running) return;
        Set(new ModelStatus(ModelState.None, null, null));
        string seen = Report is { } r && r.Pair.Candidate == ended.Version && r.Pair.Model == ended.Recipe.Model
            ? string.Create(CultureInfo.InvariantCulture, $"{r.Parts} parts, the same verdict for {r.Same}") : "no part";
        why = order?.Why ?? why;
        LogEnded(ended.Recipe.Model, ended.Version, why, seen);
        Happened?.Invoke(new ModelEvent("shadow-ended", ended.Recipe.Name, ended.Recipe.Model, ended.Version, watcher.Offered, null, order?.By, order?.At, $"{why}; {seen}"));
    }

    private void Refuse(string what, string name, int? version, string why, bool forGood)
    {
        if (!refused.Remember(what, why, forGood)) return;
        Interlocked.Increment(ref refusals);
        LogRefused(name, version, why);
        Set(new ModelStatus(ModelState.Refused, version, why));
        Happened?.Invoke(new ModelEvent("shadow-refused", recipes.Current.Name, name, version, watcher.Offered, null, null, null, why));
    }

    private void Set(ModelStatus now)
    {
        if (status == now) return;
        status = now;
        Changed?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "model {Name} version {Version} runs as a shadow beside version {Running}")]
    private partial void LogRuns(string name, int version, int? running);

    [LoggerMessage(Level = LogLevel.Information, Message = "model {Name} version {Version} is no shadow any more: {Why}; {Seen}")]
    private partial void LogEnded(string name, int version, string why, string seen);

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Name} version {Version} is refused as a shadow, what runs is untouched: {Why}")]
    private partial void LogRefused(string name, int? version, string why);
}
