using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Edge.Hosting;

/// <summary>
/// Reads one section strictly. The binder alone would pass over a misspelt key or name only a type; somebody who
/// edits a file on a line must read which key is wrong and what it may be.
/// </summary>
/// <param name="section">Of the file, and what an environment variable begins with.</param>
/// <param name="named">The member of it whose keys are names that somebody has chosen.</param>
/// <param name="file">Its usual name, in the working directory or in /etc/edge.</param>
internal sealed class StrictConfiguration(string section, string named, string file)
{
    /// <returns>The file that was found; what it says, overridden by the environment (<c>EDGE__MQTT__HOST=…</c>).</returns>
    /// <exception cref="EdgeException">No file, or it is not JSON.</exception>
    public (string File, IConfigurationRoot Configuration) Open(FileInfo? given)
    {
        string[] places = given is null ? [Path.GetFullPath(file), $"/etc/edge/{file}"] : [given.FullName];
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

    /// <summary>Variables are mostly written in capitals; a name in one keeps the file's spelling, because topics and folders do.</summary>
    private IEnumerable<KeyValuePair<string, string?>> Environment(IConfigurationRoot json)
    {
        string[] names = [.. json.GetSection($"{section}:{named}").GetChildren().Select(s => s.Key)];
        foreach ((string key, string? value) in new ConfigurationBuilder().AddEnvironmentVariables().Build().AsEnumerable())
        {
            string[] parts = key.Split(':');
            if (!parts[0].Equals(section, StringComparison.OrdinalIgnoreCase)) continue;
            if (parts.Length > 2) parts[2] = Array.Find(names, s => s.Equals(parts[2], StringComparison.OrdinalIgnoreCase)) ?? parts[2];
            yield return new(string.Join(':', parts), value);
        }
    }

    /// <summary>The section, ready to be bound: every key is known and every value of its type.</summary>
    /// <exception cref="EdgeException">Every key that is unknown or of the wrong type, and what is allowed.</exception>
    public IConfigurationSection Check(IConfiguration configuration, Type options)
    {
        IConfigurationSection found = configuration.GetSection(section);
        if (!found.Exists()) throw new EdgeException($"The configuration has no section '{section}' with {named.ToLowerInvariant()} in it.");
        List<string> errors = [];
        CheckKeys(found, options, errors);
        ThrowIfAny(errors);
        return found;
    }

    public static void ThrowIfAny(List<string> errors)
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

    /// <summary>Ranges, patterns and what options say of themselves, section by section.</summary>
    public static void CheckValues(object options, string path, List<string> errors)
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

    private static bool IsSection(Type type) => type.IsClass && type.Namespace?.StartsWith("Edge.", StringComparison.Ordinal) == true;
}
