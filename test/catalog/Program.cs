using Granary.Catalog.Tests;

// A test assembly is a program as well: what crash tests kill, and a measurement that is no test.
//   dotnet Granary.Catalog.Tests.dll crash FILE SEED     writes until it is killed, printing what was acknowledged
//   dotnet Granary.Catalog.Tests.dll migrate FILE        applies the migrations
//   dotnet Granary.Catalog.Tests.dll measure FOLDER      prints figures
return args switch
{
    ["measure", var folder] => await Measurement.RunAsync(folder),
    _ => 2,
};
