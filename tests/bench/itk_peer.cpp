/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ITK's side of the benchmarks: a process that holds images and runs one operation at a time when it is told to, so that ITK and
 * the library take turns in one run. peers_itk.py compiles it and talks to it; the normal builds know nothing of it.
 *
 *     itk_peer THREADS
 *     image NAME TYPE HEIGHT WIDTH PATH    read raw samples of uint8, uint16, uint32 or float32; answers "ready"
 *     run OPERATION IMAGE [IMAGE | NUMBER] answers "WALL_MS PROCESSOR_MS", the images' reading not included
 */
#include <itkConnectedComponentImageFilter.h>
#include <itkDanielssonDistanceMapImageFilter.h>
#include <itkDiscreteGaussianImageFilter.h>
#include <itkFlatStructuringElement.h>
#include <itkHMinimaImageFilter.h>
#include <itkImage.h>
#include <itkImageToHistogramFilter.h>
#include <itkLabelImageToShapeLabelMapFilter.h>
#include <itkLabelImageToStatisticsLabelMapFilter.h>
#include <itkLabelStatisticsImageFilter.h>
#include <itkLaplacianRecursiveGaussianImageFilter.h>
#include <itkMaximumImageFilter.h>
#include <itkMorphologicalWatershedFromMarkersImageFilter.h>
#include <itkMultiThreaderBase.h>
#include <itkOtsuMultipleThresholdsCalculator.h>
#include <itkSignedMaurerDistanceMapImageFilter.h>
#include <itkSmoothingRecursiveGaussianImageFilter.h>
#include <itkWhiteTopHatImageFilter.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

using u8 = itk::Image<std::uint8_t, 2>;
using u16 = itk::Image<std::uint16_t, 2>;
using u32 = itk::Image<std::uint32_t, 2>;
using f32 = itk::Image<float, 2>;

static std::map<std::string, itk::DataObject::Pointer> images;

template <class Image> static void read(const std::string &name, std::size_t height, std::size_t width, const std::string &path) {
    auto image = Image::New();
    image->SetRegions(typename Image::SizeType{{width, height}});
    image->Allocate();
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char *>(image->GetBufferPointer()),
              static_cast<std::streamsize>(height * width * sizeof(typename Image::PixelType)));
    if (!file)
        throw std::runtime_error("cannot read " + path);
    images[name] = image.GetPointer();
}

template <class Image> static Image *image(const std::string &name) {
    auto *found = dynamic_cast<Image *>(images.at(name).GetPointer());
    if (found == nullptr)
        throw std::runtime_error(name + " is of another type");
    return found;
}

/* ---- operations: each makes its filter anew, as a program would ---- */

template <class Image> static void top_hat(std::istream &words) {
    std::string name;
    unsigned size;
    words >> name >> size;
    using Element = itk::FlatStructuringElement<2>;
    auto filter = itk::WhiteTopHatImageFilter<Image, Image, Element>::New();
    filter->SetInput(image<Image>(name));
    filter->SetKernel(Element::Box(Element::RadiusType{{size / 2, size / 2}}));
    filter->SafeBorderOff();
    filter->Update();
}

template <class Filter> static void run_sigma(const typename Filter::Pointer &filter, std::istream &words) {
    std::string name;
    double sigma;
    words >> name >> sigma;
    filter->SetInput(image<f32>(name));
    filter->SetSigma(sigma);
    filter->Update();
}

static void gaussian(std::istream &words) {
    std::string name;
    double sigma;
    words >> name >> sigma;
    auto filter = itk::DiscreteGaussianImageFilter<f32, f32>::New();
    filter->SetInput(image<f32>(name));
    filter->SetVariance(sigma * sigma);
    filter->SetMaximumKernelWidth(static_cast<int>(8 * sigma) + 1);
    filter->Update();
}

static void gaussian_recursive(std::istream &words) {
    using Filter = itk::SmoothingRecursiveGaussianImageFilter<f32, f32>;
    run_sigma<Filter>(Filter::New(), words);
}

/* The largest response over all sigmas; ITK's is not negated, so this is the smallest. */
static void laplacian(std::istream &words) {
    std::string name;
    words >> name;
    f32::Pointer best;
    for (double sigma; words >> sigma;) {
        auto filter = itk::LaplacianRecursiveGaussianImageFilter<f32, f32>::New();
        filter->SetInput(image<f32>(name));
        filter->SetSigma(sigma);
        filter->SetNormalizeAcrossScale(true);
        filter->Update();
        if (best.IsNull()) {
            best = filter->GetOutput();
            continue;
        }
        auto largest = itk::MaximumImageFilter<f32, f32, f32>::New();
        largest->SetInput1(best);
        largest->SetInput2(filter->GetOutput());
        largest->Update();
        best = largest->GetOutput();
    }
}

static void distance_maurer(std::istream &words) {
    std::string name;
    words >> name;
    auto filter = itk::SignedMaurerDistanceMapImageFilter<u8, f32>::New();
    filter->SetInput(image<u8>(name));
    filter->SquaredDistanceOff();
    filter->Update();
}

static void distance_danielsson(std::istream &words) {
    std::string name;
    words >> name;
    auto filter = itk::DanielssonDistanceMapImageFilter<u8, f32>::New();
    filter->SetInput(image<u8>(name));
    filter->InputIsBinaryOn();
    filter->Update();
}

static void h_minima(std::istream &words) {
    std::string name;
    float h;
    words >> name >> h;
    auto filter = itk::HMinimaImageFilter<f32, f32>::New();
    filter->SetInput(image<f32>(name));
    filter->SetHeight(h);
    filter->FullyConnectedOn();
    filter->Update();
}

static void components(std::istream &words) {
    std::string name;
    words >> name;
    auto filter = itk::ConnectedComponentImageFilter<u8, u32>::New();
    filter->SetInput(image<u8>(name));
    filter->FullyConnectedOn();
    filter->Update();
}

static void watershed(std::istream &words) {
    std::string relief, seeds;
    words >> relief >> seeds;
    auto filter = itk::MorphologicalWatershedFromMarkersImageFilter<f32, u32>::New();
    filter->SetInput1(image<f32>(relief));
    filter->SetInput2(image<u32>(seeds));
    filter->FullyConnectedOn();
    filter->MarkWatershedLineOff();
    filter->Update();
}

static void region_table(std::istream &words) {
    std::string labels, intensities;
    words >> labels >> intensities;
    auto filter = itk::LabelImageToStatisticsLabelMapFilter<u32, u16>::New();
    filter->SetInput1(image<u32>(labels));
    filter->SetInput2(image<u16>(intensities));
    filter->ComputePerimeterOn();
    filter->ComputeFeretDiameterOff();
    filter->ComputeHistogramOff();
    filter->Update();
}

/* Two filters: the map's shapes, and the statistics. */
static void region_table_apart(std::istream &words) {
    std::string labels, intensities;
    words >> labels >> intensities;
    auto shapes = itk::LabelImageToShapeLabelMapFilter<u32>::New();
    shapes->SetInput(image<u32>(labels));
    shapes->ComputePerimeterOn();
    shapes->Update();
    auto statistics = itk::LabelStatisticsImageFilter<u16, u32>::New();
    statistics->SetInput(image<u16>(intensities));
    statistics->SetLabelInput(image<u32>(labels));
    statistics->Update();
}

static void otsu(std::istream &words) {
    std::string name;
    unsigned thresholds;
    words >> name >> thresholds;
    auto histogram = itk::Statistics::ImageToHistogramFilter<f32>::New();
    itk::Statistics::ImageToHistogramFilter<f32>::HistogramSizeType size(1);
    size.Fill(256);
    histogram->SetInput(image<f32>(name));
    histogram->SetHistogramSize(size);
    histogram->SetAutoMinimumMaximum(true);
    histogram->Update();
    using Histogram = itk::Statistics::ImageToHistogramFilter<f32>::HistogramType;
    auto calculator = itk::OtsuMultipleThresholdsCalculator<Histogram>::New();
    calculator->SetInputHistogram(histogram->GetOutput());
    calculator->SetNumberOfThresholds(thresholds);
    calculator->Compute();
}

static const std::map<std::string, std::function<void(std::istream &)>> operations = {
    {"top_hat_uint16", top_hat<u16>},
    {"top_hat_float32", top_hat<f32>},
    {"gaussian", gaussian},
    {"gaussian_recursive", gaussian_recursive},
    {"laplacian", laplacian},
    {"distance_maurer", distance_maurer},
    {"distance_danielsson", distance_danielsson},
    {"h_minima", h_minima},
    {"components", components},
    {"watershed", watershed},
    {"region_table", region_table},
    {"region_table_apart", region_table_apart},
    {"otsu", otsu},
};

/* ---- the conversation ---- */

static void load(std::istream &words) {
    std::string name, type, path;
    std::size_t height, width;
    words >> name >> type >> height >> width >> path;
    if (type == "uint8")
        read<u8>(name, height, width, path);
    else if (type == "uint16")
        read<u16>(name, height, width, path);
    else if (type == "uint32")
        read<u32>(name, height, width, path);
    else
        read<f32>(name, height, width, path);
    std::cout << "ready" << std::endl;
}

static void run(std::istream &words) {
    std::string operation;
    words >> operation;
    const auto wall = std::chrono::steady_clock::now();
    const auto processor = std::clock();
    operations.at(operation)(words);
    const double spent = static_cast<double>(std::clock() - processor) * 1e3 / CLOCKS_PER_SEC;
    std::cout << std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - wall).count() << ' ' << spent
              << std::endl;
}

int main(int count, char **arguments) {
    if (count != 2)
        return 2;
    itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(static_cast<itk::ThreadIdType>(std::stoul(arguments[1])));
    try {
        for (std::string line, verb; std::getline(std::cin, line);) {
            std::istringstream words(line);
            words >> verb;
            verb == "image" ? load(words) : run(words);
        }
    } catch (const std::exception &error) {
        std::cerr << "itk_peer: " << error.what() << std::endl;
        return 1;
    }
    return 0;
}
