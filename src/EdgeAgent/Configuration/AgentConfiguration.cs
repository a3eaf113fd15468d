using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Section <c>Edge</c> of appsettings.json.</summary>
internal static class AgentConfiguration
{
    public const string Section = "Edge";

    private static readonly StrictConfiguration Strict = new(Section, nameof(AgentOptions.Stations), "appsettings.json");

    /// <inheritdoc cref="StrictConfiguration.Open"/>
    public static IConfigurationRoot Open(FileInfo? file) => OpenNamed(file).Configuration;

    /// <inheritdoc cref="StrictConfiguration.Open"/>
    public static (string File, IConfigurationRoot Configuration) OpenNamed(FileInfo? file) => Strict.Open(file);

    /// <exception cref="EdgeException">Every key that is unknown, of the wrong type or out of range, and what is allowed.</exception>
    public static AgentOptions Bind(IConfiguration configuration)
    {
        AgentOptions options = Strict.Check(configuration, typeof(AgentOptions)).Get<AgentOptions>() ?? new AgentOptions();
        Validate(options);
        return options;
    }

    /// <exception cref="EdgeException">Every value that is out of range.</exception>
    public static void Validate(AgentOptions options)
    {
        List<string> errors = [];
        StrictConfiguration.CheckValues(options, Section, errors);
        if (options.Sparkplug.Enabled && !(options.Mqtt.Enabled && options.Journal.Enabled))
            errors.Add($"{Section}:Sparkplug:Enabled is true, but {(options.Mqtt.Enabled ? "Journal" : "Mqtt")}:Enabled is false; results for Sparkplug come from the journal and go to the broker");
        foreach (string name in options.Stations.Keys)
        {
            if (!new RegularExpressionAttribute(StationOptions.NamePattern).IsValid(name))
                errors.Add($"{Section}:Stations:{name}: a station's name must match {StationOptions.NamePattern}");
            if (options.Stations[name].Trigger.Mode == TriggerMode.Mqtt && !options.Mqtt.Enabled)
                errors.Add($"{Section}:Stations:{name}:Trigger:Mode is Mqtt, but Mqtt:Enabled is false");
            CheckRecipes($"{Section}:Stations:{name}", options.Stations[name], errors);
        }
        StrictConfiguration.ThrowIfAny(errors);
    }

    private static void CheckRecipes(string path, StationOptions station, List<string> errors)
    {
        foreach (string recipe in station.Recipes.Keys)
            if (!new RegularExpressionAttribute(StationOptions.NamePattern).IsValid(recipe)) errors.Add($"{path}:Recipes:{recipe}: a recipe's name must match {StationOptions.NamePattern}");
        if (station.Recipes.Count == 0 ? station.Recipe is not null : station.Recipe is null || !station.Recipes.ContainsKey(station.Recipe))
            errors.Add($"{path}:Recipe is '{station.Recipe}'; it must be one of {path}:Recipes ({string.Join(", ", station.Recipes.Keys)})");
        CheckSetting(path, nameof(RecipeOptions.ExposureUs), station, r => r.ExposureUs, station.Source.Aravis.ExposureUs, errors);
        CheckSetting(path, nameof(RecipeOptions.Gain), station, r => r.Gain, station.Source.Aravis.Gain, errors);
    }

    /// <summary>A changeover must always set what another one has set.</summary>
    private static void CheckSetting(string path, string key, StationOptions station, Func<RecipeOptions, double?> of, double? stations, List<string> errors)
    {
        foreach ((string name, RecipeOptions recipe) in station.Recipes)
        {
            if (of(recipe) is not null && station.Source.Kind != SourceKind.Aravis)
                errors.Add($"{path}:Recipes:{name}:{key} must not be set: a source of kind {station.Source.Kind} has no such setting, only Aravis has");
            else if (of(recipe) is null && stations is null && station.Recipes.Values.Any(r => of(r) is not null))
                errors.Add($"{path}:Recipes:{name}:{key} must be set, or {path}:Source:Aravis:{key}: another recipe sets it, and it would stay so after a change to this one");
        }
    }

    /// <exception cref="EdgeException">Every value that is out of range.</exception>
    public static void Validate(SourceOptions source)
    {
        List<string> errors = [];
        StrictConfiguration.CheckValues(source, "Source", errors);
        StrictConfiguration.ThrowIfAny(errors);
    }
}
