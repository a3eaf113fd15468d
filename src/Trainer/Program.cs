using System.CommandLine;
using Edge;
using Edge.Training.Cli;

RootCommand root = new("Trains, evaluates and packages anomaly detectors from pictures of normal parts.")
{
    TrainCommand.Create(),
    ImportCommand.Create(),
    BackbonesCommand.Create(),
    DistillCommand.Create(),
    ExtendCommand.Create(),
    EvaluateCommand.Create(),
    ReportCommand.Create(),
    CalibrateCommand.Create(),
    CheckCommand.Create(),
    SplitCommand.Create(),
    ImitateCommand.Create(),
    LabelCommand.Create(),
    SamplesCommand.Create(),
    BenchmarkCommand.Create(),
    KeysCommand.Create(),
    ServeCommand.Create(),
};
return await CommandLine.RunAsync(root, args).ConfigureAwait(false);
