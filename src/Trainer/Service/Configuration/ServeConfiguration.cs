using System.CommandLine;
using System.CommandLine.Parsing;
using Edge.Packages;
using Edge.Training.Cli;

namespace Edge.Training.Service.Configuration;

/// <summary>Section <c>Trainer</c> of trainer.json.</summary>
internal static class ServeConfiguration
{
    public const string Section = "Trainer";

    private static readonly StrictConfiguration Strict = new(Section, nameof(ServeOptions.Products), "trainer.json");

    /// <inheritdoc cref="StrictConfiguration.Open"/>
    public static IConfigurationRoot Open(FileInfo? file) => Strict.Open(file).Configuration;

    /// <exception cref="EdgeException">Every key that is unknown, of the wrong type or out of range, and what is allowed.</exception>
    public static ServeOptions Bind(IConfiguration configuration)
    {
        ServeOptions options = Strict.Check(configuration, typeof(ServeOptions)).Get<ServeOptions>() ?? new ServeOptions();
        Validate(options);
        return options;
    }

    /// <exception cref="EdgeException">Every value that is out of range.</exception>
    public static void Validate(ServeOptions options)
    {
        List<string> errors = [];
        StrictConfiguration.CheckValues(options, Section, errors);
        foreach ((string name, ProductOptions product) in options.Products)
        {
            if (!PackageFiles.IsName(name)) errors.Add($"{Section}:Products:{name}: the name of a package is 1 to 64 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit");
            if (WhyNot(product) is { } why) errors.Add($"{Section}:Products:{name}:Arguments: {why}");
        }
        StrictConfiguration.ThrowIfAny(errors);
    }

    /// <summary>What the training process is started with, beside what the service says itself.</summary>
    public static IReadOnlyList<string> Arguments(ProductOptions product) => ["--method", product.Method, .. CommandLineParser.SplitCommandLine(product.Arguments)];

    /// <summary>The arguments are tried on the real command, so that a mistake is known at the start and not in the night.</summary>
    private static string? WhyNot(ProductOptions product)
    {
        ParseResult parsed = TrainCommand.Create().Parse([.. Arguments(product), "--data", "d", "--name", "n", "--models", "m"]);
        if (parsed.Errors.Count > 0) return string.Join(" ", parsed.Errors.Select(e => e.Message));
        return parsed.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(o => !o.Implicit && o.Option.Name is "--checkpoint" or "--resume" or "--json" or "--threads" or "--anomalies") is { } own
            ? $"{own.Option.Name} is the service's own{(own.Option.Name == "--anomalies" ? ": defects come from Data and Reviewed" : "")}" : null;
    }
}
