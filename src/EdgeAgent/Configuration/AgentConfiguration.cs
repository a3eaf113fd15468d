using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Edge.Agent.Configuration;

/// <summary>
/// Reads section <c>Edge</c> strictly. The binder alone would pass over a misspelt key or name only a type; somebody who
/// edits a file on a line must read which key is wrong and what it may be.
/// </summary>
internal static class AgentConfiguration
{
    public const string Section = "Edge";

    /// <summary>appsettings.json of the working directory, then of /etc/edge; the environment overrides it (<c>EDGE__MQTT__HOST=…</c>).</summary>
    /// <exception cref="EdgeException">No file, or it is not JSON.</exception>
    public static IConfigurationRoot Open(FileInfo? file) => OpenNamed(file).Configuration;

    /// <inheritdoc cref="Open"/>
    /// <returns>Also the file that was found.</returns>
    public static (string File, IConfigurationRoot Configuration) OpenNamed(FileInfo? file)
    {
        string[] places = file is null ? [Path.GetFullPath("appsettings.json"), "/etc/edge/appsettings.json"] : [file.FullName];
        string path = Array.Find(places, File.Exists)
            ?? throw new EdgeException($"There is no configuration at {string.Join(" or ", places)}. Name one with --config FILE.");
        try
        {
            IConfigurationRoot json = new ConfigurationBuilder().AddJsonFile(path, optional: false).Build();
            return (path, new ConfigurationBuilder().AddConfiguration(json).AddInMemoryCollection(Environment(json)).Build());
        }
        catch (InvalidDataException e)
        {
            throw new EdgeException($"{path} cannot be read: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    /// <summary>Variables are mostly written in capitals; a station named by one keeps the file's spelling, because its topics do.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> Environment(IConfigurationRoot json)
    {
        string[] stations = [.. json.GetSection($"{Section}:{nameof(AgentOptions.Stations)}").GetChildren().Select(s => s.Key)];
        foreach ((string key, string? value) in new ConfigurationBuilder().AddEnvironmentVariables().Build().AsEnumerable())
        {
            string[] parts = key.Split(':');
            if (!parts[0].Equals(Section, StringComparison.OrdinalIgnoreCase)) continue;
            if (parts.Length > 2) parts[2] = Array.Find(stations, s => s.Equals(parts[2], StringComparison.OrdinalIgnoreCase)) ?? parts[2];
            yield return new(string.Join(':', parts), value);
        }
    }

    /// <exception cref="EdgeException">Every key that is unknown, of the wrong type or out of range, and what is allowed.</exception>
    public static AgentOptions Bind(IConfiguration configuration)
    {
        IConfigurationSection section = configuration.GetSection(Section);
        if (!section.Exists()) throw new EdgeException($"The configuration has no section '{Section}' with stations in it.");
        List<string> errors = [];
        CheckKeys(section, typeof(AgentOptions), errors);
        ThrowIfAny(errors);
        AgentOptions options = section.Get<AgentOptions>() ?? new AgentOptions();
        Validate(options);
        return options;
    }

    /// <exception cref="EdgeException">Every value that is out of range.</exception>
    public static void Validate(AgentOptions options)
    {
        List<string> errors = [];
        CheckValues(options, Section, errors);
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
        ThrowIfAny(errors);
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
        CheckValues(source, "Source", errors);
        ThrowIfAny(errors);
    }

    private static void ThrowIfAny(List<string> errors)
    {
        if (errors.Count > 0) throw new EdgeException("The configuration is not valid:" + string.Concat(errors.Select(e => $"\n  {e}")));
    }

    private static void CheckKeys(IConfigurationSection section, Type type, List<string> errors)
    {
        PropertyInfo[] known = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (IConfigurationSection child in section.GetChildren())
        {
            PropertyInfo? property = Array.Find(known, p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
                errors.Add($"{child.Path} is not known; allowed are {string.Join(", ", known.Select(p => p.Name))}");
            else if (typeof(IDictionary).IsAssignableFrom(property.PropertyType))
                foreach (IConfigurationSection entry in child.GetChildren()) CheckKeys(entry, property.PropertyType.GetGenericArguments()[1], errors);
            else if (IsSection(property.PropertyType))
                CheckKeys(child, property.PropertyType, errors);
            else if (child.GetChildren().Any())
                errors.Add($"{child.Path} must be one value, not a section");
            else
                CheckText(child, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, errors);
        }
        if (section.Value is { Length: > 0 } value) errors.Add($"{section.Path} must be a section, not '{value}'");
    }

    private static void CheckText(IConfigurationSection leaf, Type type, List<string> errors)
    {
        if (string.IsNullOrEmpty(leaf.Value) || type == typeof(string)) return;
        bool valid = type.IsEnum
            ? Enum.GetNames(type).Contains(leaf.Value, StringComparer.OrdinalIgnoreCase)
            : TypeDescriptor.GetConverter(type).IsValid(leaf.Value);
        if (valid) return;
        string allowed = type.IsEnum ? string.Join(", ", Enum.GetNames(type)) : type == typeof(bool) ? "true, false" : $"a value of type {type.Name}";
        errors.Add($"{leaf.Path} is '{leaf.Value}'; allowed: {allowed}");
    }

    private static void CheckValues(object options, string path, List<string> errors)
    {
        List<ValidationResult> results = [];
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        errors.AddRange(results.Select(r => $"{path}:{string.Join(",", r.MemberNames)}: {r.ErrorMessage}"));
        foreach (PropertyInfo property in options.GetType().GetProperties())
        {
            object? value = property.GetValue(options);
            if (value is IDictionary entries)
                foreach (DictionaryEntry entry in entries) CheckValues(entry.Value!, $"{path}:{property.Name}:{entry.Key}", errors);
            else if (value is not null && IsSection(property.PropertyType))
                CheckValues(value, $"{path}:{property.Name}", errors);
        }
    }

    private static bool IsSection(Type type) => type.IsClass && type.Namespace == typeof(AgentOptions).Namespace;
}
