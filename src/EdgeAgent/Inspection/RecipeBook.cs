using Edge.Agent.Configuration;

namespace Edge.Agent.Inspection;

/// <summary>
/// A station's recipes and which of them is made now. That one is on disk before the first part of it: an agent that starts again
/// goes on with the product that stands on the line.
/// </summary>
internal sealed class RecipeBook
{
    private readonly StationOptions options;
    private readonly StateFile file;
    private volatile Recipe current;

    /// <param name="folder">Of the state; a file for each station that has recipes.</param>
    /// <exception cref="EdgeException">The stored recipe can't be read, or is none of the station's.</exception>
    public RecipeBook(string station, StationOptions options, string folder)
    {
        (this.options, file) = (options, new StateFile(folder, $"{station}.recipe"));
        current = Recipe.Of(options.Recipes.Count == 0 ? null : Stored() ?? options.Recipe!, options);
    }

    public Recipe Current => current;

    /// <summary>Every model that a recipe may ask for.</summary>
    public IEnumerable<string> Models => options.Recipes.Count == 0 ? [options.Model!] : options.Recipes.Values.Select(r => r.Model ?? options.Model!).Distinct();

    /// <exception cref="EdgeException">There is no such recipe.</exception>
    public Recipe Find(string name) => options.Recipes.ContainsKey(name)
        ? Recipe.Of(name, options)
        : throw new EdgeException($"There is no recipe '{name}'; there {(options.Recipes.Count == 0 ? "is none" : $"are {string.Join(", ", options.Recipes.Keys.Order(StringComparer.Ordinal))}")}.");

    /// <summary>On disk first; in force after <see cref="Enter"/>.</summary>
    /// <exception cref="EdgeException">It can't be written.</exception>
    public void Store(Recipe next) => file.Write(next.Name);

    /// <summary>Parts that are triggered from here on are of this recipe.</summary>
    public void Enter(Recipe next) => current = next;

    private string? Stored() => file.Read() is not { } name ? null : options.Recipes.ContainsKey(name) ? name
        : throw new EdgeException($"{file.Path} says that recipe '{name}' is made, which is not configured: add it to Recipes, or delete the file to begin with '{options.Recipe}'.");
}
